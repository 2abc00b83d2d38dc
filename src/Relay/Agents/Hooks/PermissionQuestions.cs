using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>A question to the operator for which a client waits. It is closed when the client stops waiting.</summary>
internal sealed class PermissionQuestions(
    Database database, ChangeFeed changes, SessionDirectory directory, SettingsSource settings, IHostApplicationLifetime lifetime)
{
    private static readonly Hold Patience = new(Limit: TimeSpan.FromSeconds(540), Poll: TimeSpan.FromSeconds(5));

    public async Task<long> AskAsync(SessionId session, string tool, string text, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            async writing =>
            {
                var conversation = directory.ConversationOf(session) ?? SessionDirectory.Default;
                var question = new NewQuestion(conversation, Message: null, session, QuestionKind.Permission, text);
                var id = (await QuestionStore.OpenAsync(writing, question, cancellationToken)).Id;
                var title = $"{settings.Current.Config.Operator.Token} {session}: may it use {tool}? (#{id})";
                var page = new NewPage(PageCause.Question(id), title, text, Priority: 4, "lock");
                await PageStore.QueueAsync(writing, page, cancellationToken);
                return id;
            },
            cancellationToken);

    /// <summary>Waits for the answer. Null when none came in time, or when the relay stops.</summary>
    public async Task<string?> AnswerAsync(long question, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(Topic.Questions, QuestionStore.Key(question));
        try
        {
            await changed.HoldAsync(() => ClosedAsync(question, cancellationToken), Patience, database.Clock, ended.Token);
        }
        finally
        {
            await CloseAsync(question); // Nobody waits for it any more, so it must not look open.
        }
        cancellationToken.ThrowIfCancellationRequested();
        return (await ClosedAsync(question, cancellationToken))?.Answer; // The answer may have come in the last moment.
    }

    /// <summary>Closes all of them. Called at the start of the relay, when no client waits.</summary>
    public static async Task ExpireAllAsync(Writing writing, CancellationToken cancellationToken)
    {
        foreach (var question in await QuestionStore.OpenAsync(writing, cancellationToken))
            if (question.Kind == QuestionKind.Permission)
                await ExpireAsync(writing, question, "the relay was restarted, and nobody waits for it any more", cancellationToken);
    }

    private Task<Question?> ClosedAsync(long question, CancellationToken cancellationToken) => database.ReadAsync(
        async reading => await QuestionStore.FindAsync(reading, question, cancellationToken) is { IsOpen: false } closed ? closed : null,
        cancellationToken);

    private Task CloseAsync(long question) => database.WriteAsync(
        async writing =>
        {
            if (await QuestionStore.FindAsync(writing, question, CancellationToken.None) is not { IsOpen: true } open)
                return;
            await ExpireAsync(writing, open, "the client stopped waiting", CancellationToken.None);
        },
        CancellationToken.None);

    private static async Task ExpireAsync(Writing writing, Question question, string why, CancellationToken cancellationToken)
    {
        await QuestionStore.ExpireAsync(writing, question, why, cancellationToken);
        await PageStore.ClearAsync(writing, PageCause.Question(question.Id), cancellationToken);
    }
}
