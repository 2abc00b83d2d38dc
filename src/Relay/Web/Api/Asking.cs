using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;
using Relay.Running;
using Relay.Storage;

namespace Relay.Web.Api;

/// <summary>Holds a request until the reply is there. The caller then confirms in a second request that it has the reply.</summary>
internal sealed class Asking(CallerChannel callers, Database database, ChangeFeed changes, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    public async Task AnswerAsync(HttpContext context, ConversationId conversation, MessageId message, AskBody body)
    {
        var cancellationToken = context.RequestAborted;
        var hold = new Hold(TimeSpan.FromSeconds(Math.Clamp(body.WaitSeconds ?? 0, 0, Longest.TotalSeconds)), Poll);
        using var waiter = callers.Wait(message);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(Topic.Replies, message.Value);
        var reply = await changed.HoldAsync(
            () => ReplyAsync(conversation, message, cancellationToken), hold, database.Clock, ended.Token);
        cancellationToken.ThrowIfCancellationRequested();
        if (reply is not null && body.Taken == true && reply.Channel == ReplyChannel.Caller)
        {
            await database.WriteAsync(writing => Outbox.ConsumedAsync(writing, reply, cancellationToken), cancellationToken);
            callers.Forget(reply);
        }
        await Json.WriteAsync(context, 200, new { Message = message.Value, Reply = reply?.Content, State = StateOf(reply) });
    }

    private static string StateOf(OutboundReply? reply) => reply?.Channel switch
    {
        null => "waiting",
        ReplyChannel.Caller => "ready",
        _ => "in the session's folder",
    };

    private Task<OutboundReply?> ReplyAsync(ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async reading =>
            {
                var found = await MessageStore.FindAsync(reading, conversation, message, cancellationToken);
                return await Outbox.ReplyToAsync(reading, found, cancellationToken);
            },
            cancellationToken);
}
