using Relay.Conversations;
using Relay.Dispatch;

namespace Relay.Web.Api;

/// <summary>Holds a request until the reply is there; the caller then says that it has it.</summary>
internal sealed class Asking(Outbox outbox, CallerChannel callers, TimeProvider clock)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    public async Task AnswerAsync(HttpContext context, ConversationId conversation, MessageId message, AskBody body)
    {
        var wait = TimeSpan.FromSeconds(Math.Clamp(body.WaitSeconds ?? 0, 0, Longest.TotalSeconds));
        using var waiter = callers.Wait(message);
        var reply = await WaitAsync(conversation, message, wait, waiter, context.RequestAborted);
        if (reply is not null && body.Taken == true && reply.Channel == ReplyChannel.Caller)
        {
            await outbox.ConsumedAsync(reply, context.RequestAborted);
            callers.Forget(reply);
        }
        await Endpoints.JsonAsync(context, 200, new { Message = message.Value, Reply = reply?.Content, State = reply is null ? "waiting" : reply.Channel == ReplyChannel.Caller ? "ready" : "in the session's folder" });
    }

    private async Task<OutboundReply?> WaitAsync(
        ConversationId conversation, MessageId message, TimeSpan wait, CallerChannel.Waiter waiter, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            if (await outbox.ReplyToAsync(conversation, message, cancellationToken) is { } reply)
                return reply;
            var left = wait - clock.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                return null;
            await waiter.Signal.WaitAsync(left < Poll ? left : Poll, clock, cancellationToken);
        }
    }
}
