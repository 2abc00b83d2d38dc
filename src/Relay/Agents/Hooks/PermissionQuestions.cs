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

    /// <summary>Null when so many wait for the operator that one more page would only be noise: then the client's own prompt asks.
    /// That is said once.</summary>
    public Task<long?> AskAsync(SessionId session, string tool, string text, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async writing =>
            {
                var load = await PermissionLoad.OfAsync(writing, session, cancellationToken);
                if (load.IsFull(settings.Current.Config.Agents.MaxPermissions))
                {
                    await PageMoreAsync(writing, session, cancellationToken);
                    return (long?)null;
                }
                if (load.IsEmpty)
                    await PageStore.ClearAsync(writing, PageCause.MorePermissions, cancellationToken);
                var conversation = directory.ConversationOf(session) ?? SessionDirectory.Default;
                var question = new NewQuestion(conversation, Message: null, session, QuestionKind.Permission, text);
                var opened = await QuestionStore.OpenAsync(writing, question, cancellationToken);
                var page = PermissionPage.Of(opened, tool, settings.Current.Config.Operator.Token);
                await PageStore.QueueAsync(writing, page, cancellationToken);
                return opened.Id;
            },
            cancellationToken);

    private static Task<bool> PageMoreAsync(Writing writing, SessionId session, CancellationToken cancellationToken)
    {
        var text = $"{session} asks for more permissions than wait for you already, and perhaps others do. They are asked about in the "
            + "client's own prompt, at its terminal. There is no further page until fewer are open.";
        var page = new NewPage(
            PageCause.MorePermissions, "Relay: more permissions wait at the terminal", text, Priority: 3, "lock");
        return PageStore.QueueAsync(writing, page, cancellationToken);
    }

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
