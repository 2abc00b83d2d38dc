using Relay.Conversations;
using Relay.Http;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Web.Api;

/// <summary>The body of POST /words.</summary>
/// <param name="Text">What is said; a scope may stand before it.</param>
/// <param name="Conversation">Whose advisor hears it; the default one unless said.</param>
/// <param name="Id">A request with the same id is about the same words.</param>
/// <param name="WaitSeconds">How long to wait for the reply at most.</param>
internal sealed record WordsBody(string? Text, string? Conversation, string? Id, double? WaitSeconds)
{
    /// <summary>They ask back about this question, which stays open.</summary>
    public long? Question { get; init; }

    /// <summary>What the caller knows to be in the way of the reply. When that changes, it is told at once.</summary>
    public string? Seen { get; init; }
}

/// <summary>What became of the operator's words to the advisor.</summary>
/// <param name="Outcome">"said", or "repeated" where they were said before.</param>
/// <param name="Reply">The advisor's; null while there is none.</param>
/// <param name="State">waiting, replied, asks (the operator, by a question), refused or dead.</param>
/// <param name="Why">What the reply waits for, or why none comes.</param>
internal sealed record Said(string Outcome, string Conversation, string Message, string? Reply, string State, string? Why)
{
    public bool Usual { get; init; }

    /// <summary>The number of the ruling that they are, and for what it holds.</summary>
    public long? Ruling { get; init; }

    public string? Scope { get; init; }

    /// <summary>By which the advisor asks the operator about them.</summary>
    public long? Question { get; init; }
}

/// <summary>The operator's words to the advisor of a conversation, from a program: taken once under their id, and waited with for the reply
/// where that is wished. It comes to the operator as a page all the same.</summary>
internal sealed class Saying(OwnWords own, Database database, ChangeFeed changes, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    public async Task SayAsync(HttpContext context)
    {
        if (await Endpoints.BodyAsync<WordsBody>(context) is not { } body)
            return;
        if (string.IsNullOrWhiteSpace(body.Id) || string.IsNullOrWhiteSpace(body.Text))
        {
            await Problem.WriteAsync(context, 400, "text and id are needed, none of them empty");
            return;
        }
        var wasSaid = await LookAsync(body.Id, "repeated", context.RequestAborted) is not null;
        if (await TakeAsync(body, context.RequestAborted) is { } reason)
        {
            await Problem.WriteAsync(context, 409, reason);
            return;
        }
        await Json.WriteAsync(context, 200, await WaitAsync(body, wasSaid ? "repeated" : "said", context.RequestAborted));
    }

    /// <summary>Null when they are taken, or were before; else why not.</summary>
    private async Task<string?> TakeAsync(WordsBody body, CancellationToken cancellationToken)
    {
        if (body.Question is { } question)
            return await own.AskBackAsync(question, body.Text!, body.Id!, cancellationToken);
        return await own.SayAsync(body.Conversation ?? SessionDirectory.Default.Value, body.Text!, body.Id!, cancellationToken);
    }

    private async Task<Said> WaitAsync(WordsBody body, string outcome, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(Topic.Any);
        var limit = TimeSpan.FromSeconds(Math.Clamp(body.WaitSeconds ?? 0, 0, Longest.TotalSeconds));
        var news = await changed.HoldAsync(
            async () => await LookAsync(body.Id!, outcome, cancellationToken) is { } said && IsNews(said, body.Seen) ? said : null,
            new Hold(limit, Poll), database.Clock, ended.Token);
        cancellationToken.ThrowIfCancellationRequested();
        return news ?? (await LookAsync(body.Id!, outcome, cancellationToken))!;
    }

    private static bool IsNews(Said said, string? seen) =>
        said.State != "waiting" || (said.Usual ? seen is not null : said.Why != seen);

    private Task<Said?> LookAsync(string key, string outcome, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            if (await MessageStore.FindOwnByKeyAsync(reading, key, cancellationToken) is not { } message)
                return null;
            var ruling = await RulingStore.OfMessageAsync(reading, message.Conversation, message.Id, cancellationToken);
            return (await BecameAsync(reading, message, outcome, cancellationToken)) with
            {
                Ruling = ruling?.Id,
                Scope = ruling?.Scope.Word(),
            };
        },
        cancellationToken);

    private static async Task<Said> BecameAsync(
        Reading reading, Message message, string outcome, CancellationToken cancellationToken)
    {
        var said = new Said(outcome, message.Conversation.Value, message.Id.Value, Reply: null, "waiting", Why: null);
        if (message.ReplyPosition is { } position && !message.IsUnanswered)
            return said with
            {
                State = "replied",
                Reply = (await Journal.BetweenAsync(reading, message.Conversation, position - 1, position, cancellationToken))
                    .FirstOrDefault()?.Content,
            };
        if (!message.IsUnanswered)
            return said with { State = message.State == MessageState.Dead ? "dead" : "refused", Why = message.Reason };
        var asked = await QuestionStore.OfAsync(reading, message.Conversation, message.Id, cancellationToken);
        if (asked.FindLast(question => question.IsOpen) is { } open)
            return said with { State = "asks", Question = open.Id, Why = open.Text };
        var why = await Waits.OfAsync(reading, message, cancellationToken);
        return said with { Why = why.Words, Usual = why.IsUsual };
    }
}
