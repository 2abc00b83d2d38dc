using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;
using Relay.Running;
using Relay.Storage;
using Relay.Turns;

namespace Relay.Web.Api;

/// <summary>Holds a request until the reply is there. The caller then confirms in a second request that it has the reply.</summary>
internal sealed class Asking(CallerChannel callers, Database database, ChangeFeed changes, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    public async Task AnswerAsync(HttpContext context, ConversationId conversation, MessageId message, AskBody body)
    {
        var cancellationToken = context.RequestAborted;
        var waiter = callers.Wait(message);
        try
        {
            await AnswerAsync(context, conversation, message, body, waiter);
        }
        finally
        {
            if (cancellationToken.IsCancellationRequested)
                waiter.IsCutOff();
            waiter.Dispose();
            if (cancellationToken.IsCancellationRequested || body.GivesUp == true)
                changes.Publish(Topic.Dispatch);
        }
    }

    private async Task AnswerAsync(
        HttpContext context, ConversationId conversation, MessageId message, AskBody body, CallerChannel.Waiter waiter)
    {
        var cancellationToken = context.RequestAborted;
        var hold = new Hold(TimeSpan.FromSeconds(Math.Clamp(body.WaitSeconds ?? 0, 0, Longest.TotalSeconds)), Poll);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(Topic.Replies, message.Value);
        var asked = new Asked(conversation, message, ToSession: Caller.Of(context) is Caller.Connection);
        var found = await changed.HoldAsync(
            () => LookAsync(asked, body.Seen, cancellationToken), hold, database.Clock, ended.Token);
        cancellationToken.ThrowIfCancellationRequested();
        var (reply, why) = found ?? new Look(Reply: null, await WhyAsync(asked, cancellationToken));
        if (reply is not null && body.Taken == true && reply.Channel == ReplyChannel.Caller)
        {
            await database.WriteAsync(writing => Outbox.ConsumedAsync(writing, reply, cancellationToken), cancellationToken);
            callers.Forget(reply);
        }
        if (reply is null && body.GivesUp == true)
            waiter.GivesUp();
        var answer = new
        {
            Message = message.Value,
            Reply = reply?.Content,
            State = StateOf(reply, why),
            Why = why?.Words,
            Usual = why is null or { IsUsual: true },
        };
        await Json.WriteAsync(context, 200, answer);
    }

    /// <summary>What is waited for, and whether the answer is for a session, which is told nothing of others.</summary>
    private sealed record Asked(ConversationId Conversation, MessageId Message, bool ToSession);

    /// <summary>What a caller is told.</summary>
    private sealed record Look(OutboundReply? Reply, Wait? Why);

    private static string StateOf(OutboundReply? reply, Wait? why) => reply?.Channel switch
    {
        null => why is { IsOver: true } ? "dead" : "waiting",
        ReplyChannel.Caller => "ready",
        _ => "in the session's folder",
    };

    /// <summary>The reply, or what has come up that the caller does not know yet; null where the waiting goes on as usual.</summary>
    private async Task<Look?> LookAsync(Asked asked, string? seen, CancellationToken cancellationToken)
    {
        if (await ReplyAsync(asked.Conversation, asked.Message, cancellationToken) is { } reply)
            return new Look(reply, Why: null);
        var why = await WhyAsync(asked, cancellationToken);
        var isKnown = why is null || (why.IsUsual ? seen is null : why.Words == seen);
        return isKnown ? null : new Look(Reply: null, why);
    }

    private Task<Wait?> WhyAsync(Asked asked, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            if (await MessageStore.FindAsync(reading, asked.Conversation, asked.Message, cancellationToken) is not { } found)
                return null;
            var why = await Waits.OfAsync(reading, found, cancellationToken);
            return asked.ToSession ? why with { Words = why.ForSession } : why;
        },
        cancellationToken);

    private Task<OutboundReply?> ReplyAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async reading =>
            {
                var found = await MessageStore.FindAsync(reading, conversation, message, cancellationToken);
                return await Outbox.ReplyToAsync(reading, found, cancellationToken);
            },
            cancellationToken);
}

/// <summary>The body of POST /ask.</summary>
/// <param name="SessionId">The session that asks.</param>
/// <param name="Content">The message.</param>
/// <param name="Id">A request with the same id is about the same message.</param>
/// <param name="WaitSeconds">How long to wait for the reply at most.</param>
/// <param name="Taken">True confirms that the caller has the reply.</param>
internal sealed record AskBody(string? SessionId, string? Content, string? Id, double? WaitSeconds, bool? Taken)
{
    /// <summary>The id that the caller has made for the message.</summary>
    public string? MessageId { get; init; }

    /// <summary>What the caller knows to be in the message's way; null for nothing. When that changes, it is told at once.</summary>
    public string? Seen { get; init; }

    /// <summary>True says that the caller will not come again: the reply, if it is not in this answer, goes to the session's
    /// folder.</summary>
    public bool? GivesUp { get; init; }
}
