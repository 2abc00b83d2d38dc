using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>A question to the operator for which a client waits. It is closed when the client stops waiting.</summary>
internal sealed class PermissionQuestions(
    Database database, ChangeFeed changes, SessionDirectory directory, SettingsSource settings, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(540);

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    /// <summary>Null when so many wait for the operator that one more page would only be noise: then the client's own prompt asks.
    /// That is said once.</summary>
    public async Task<long?> AskAsync(Agent agent, ClientRequest request, ClientWait wait, CancellationToken cancellationToken)
    {
        var asked = await database.WriteAsync(
            async writing =>
            {
                var opened = await OpenAsync(writing, agent, request, cancellationToken);
                if (opened is { } number)
                    writing.OnceCommitted(() => wait.Ask(number));
                return opened;
            },
            cancellationToken);
        if (asked is { } question && wait.IsOver) // The terminal was first by a moment.
            await SettledAsync(question, "it was settled at the terminal", cancellationToken);
        return asked;
    }

    /// <summary>More than a message may have.</summary>
    public bool IsTooLong(string text) => Encoding.UTF8.GetByteCount(text) > settings.Current.Config.MaxEnvelopeBytes;

    private async Task<long?> OpenAsync(Writing writing, Agent agent, ClientRequest request, CancellationToken cancellationToken)
    {
        var load = await PermissionLoad.OfAsync(writing, agent.Session, cancellationToken);
        if (load.IsFull(settings.Current.Config.Agents.MaxPermissions))
        {
            await PageMoreAsync(writing, agent.Session, cancellationToken);
            return null;
        }
        if (load.IsEmpty)
            await PageStore.ClearAsync(writing, PageCause.MorePermissions, cancellationToken);
        var conversation = directory.ConversationOf(agent.Session) ?? SessionDirectory.Default;
        var question = new NewQuestion(conversation, Message: null, agent.Session, request.Kind, request.Text(agent.Folder))
        {
            Asked = request.Asked,
        };
        var opened = await QuestionStore.OpenAsync(writing, question, cancellationToken);
        await PageStore.QueueAsync(writing, AskedPage.Of(opened, settings.Current.Config.Operator.Token), cancellationToken);
        return opened.Id;
    }

    private static Task<bool> PageMoreAsync(Writing writing, SessionId session, CancellationToken cancellationToken)
    {
        var text = $"{session} asks for more permissions than wait for you already, and perhaps others do. They are asked about in the "
            + "client's own prompt, at its terminal. There is no further page until fewer are open.";
        var page = new NewPage(
            PageCause.MorePermissions, "Relay: more permissions wait at the terminal", text, Priority: 3, "lock");
        return PageStore.QueueAsync(writing, page, cancellationToken);
    }

    /// <summary>Waits for the answer. Null when none came in time, or when the relay stops.</summary>
    public async Task<Decision?> AnswerAsync(ClientWait wait, CancellationToken cancellationToken)
    {
        var question = wait.Question!.Value;
        var patience = (wait.Subagent is null ? Patience : settings.Current.Config.Agents.SubagentPatience) - wait.Waited;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(Topic.Questions, QuestionStore.Key(question));
        try
        {
            await changed.HoldAsync(() => ClosedAsync(question, cancellationToken), new Hold(patience, Poll), database.Clock, ended.Token);
        }
        finally
        {
            // Nobody waits for it any more, so it must not look open.
            await CloseAsync(
                question,
                cancellationToken.IsCancellationRequested ? "the client stopped waiting"
                    : ended.IsCancellationRequested ? "the relay was stopped"
                    : "there was no answer in time, and its terminal asks instead");
        }
        cancellationToken.ThrowIfCancellationRequested();
        return await ClosedAsync(question, cancellationToken) is { State: QuestionState.Answered } answered // Perhaps in the last moment.
            ? Decision.Parse(answered.Decision)
            : null;
    }

    /// <summary>The client went away before it had the answer: the record must not say that it has it, and the operator is told.</summary>
    public Task NotGivenAsync(long number) => database.WriteAsync(
        async writing =>
        {
            const string why = "its client had gone before the answer came to it, and nothing came of it";
            if (await QuestionStore.FindAsync(writing, number, CancellationToken.None) is not { } question
                || !await QuestionStore.TakeBackAsync(writing, question, why, CancellationToken.None))
                return;
            await PageTooLateAsync(writing, question, $"Your answer to #{question.Id}: {why}.");
        },
        CancellationToken.None);

    private static Task<bool> PageTooLateAsync(Writing writing, Question question, string text)
    {
        var page = new NewPage(
            PageCause.TooLate(question.Id), $"Relay: your answer to #{question.Id} of {question.Session} came too late", text, Priority: 3,
            "warning");
        return PageStore.QueueAsync(writing, page, CancellationToken.None);
    }

    /// <summary>It was settled at its terminal, or its session has gone on without it.</summary>
    public Task SettledAsync(long number, string how, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            if (await QuestionStore.FindAsync(writing, number, cancellationToken) is not { } question)
                return;
            if (question.IsOpen)
                await ExpireAsync(writing, question, how, cancellationToken);
            else if (await QuestionStore.TakeBackAsync(writing, question, $"your answer came too late: {how}", cancellationToken))
                await PageTooLateAsync(writing, question, $"Your answer to #{question.Id} came too late: {how}.");
        },
        cancellationToken);

    /// <summary>Closes all of them. Called at the start of the relay, when no client waits.</summary>
    public static async Task ExpireAllAsync(Writing writing, CancellationToken cancellationToken)
    {
        foreach (var question in await QuestionStore.OpenAsync(writing, cancellationToken))
            if (question.IsOfClient)
                await ExpireAsync(writing, question, "the relay was restarted", cancellationToken);
    }

    private Task<Question?> ClosedAsync(long question, CancellationToken cancellationToken) => database.ReadAsync(
        async reading => await QuestionStore.FindAsync(reading, question, cancellationToken) is { IsOpen: false } closed ? closed : null,
        cancellationToken);

    private Task CloseAsync(long question, string why) => database.WriteAsync(
        async writing =>
        {
            if (await QuestionStore.FindAsync(writing, question, CancellationToken.None) is not { IsOpen: true } open)
                return;
            await ExpireAsync(writing, open, why, CancellationToken.None);
        },
        CancellationToken.None);

    /// <summary>Its page gets a receipt in its place.</summary>
    private static async Task ExpireAsync(Writing writing, Question question, string why, CancellationToken cancellationToken)
    {
        await QuestionStore.ExpireAsync(writing, question, why, cancellationToken);
        await PageStore.ClearAsync(writing, PageCause.Question(question.Id), cancellationToken);
    }
}
