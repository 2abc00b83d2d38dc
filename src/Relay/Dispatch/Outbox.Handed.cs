using Relay.Conversations;
using Relay.Running;
using Relay.Storage;

namespace Relay.Dispatch;

internal static partial class Outbox
{
    /// <summary>It went out whole. Nothing more is known, and nobody else gets it meanwhile.</summary>
    public static Task HandedAsync(Writing writing, OutboundReply reply, Handing to, CancellationToken cancellationToken) =>
        SetHandedAsync(writing, reply, writing.UnixNow, to, cancellationToken);

    /// <summary>Takes back what was lost on its way to a session, so that it comes once more.</summary>
    /// <returns>How many replies.</returns>
    public static async Task<int> LostAsync(
        Writing writing, SessionId session, Func<OutboundReply, Handed, bool> isLost, CancellationToken cancellationToken)
    {
        var lost = (await ForAgentAsync(writing, session, cancellationToken))
            .FindAll(reply => reply.Handed is { } handed && isLost(reply, handed));
        foreach (var reply in lost)
        {
            await SetHandedAsync(writing, reply, at: null, to: null, cancellationToken);
            var note = new MessageNote("not received", "its session was gone before it had the reply, which comes once more");
            if (reply.Message is { } message)
                await MessageStore.NoteAsync(writing, reply.Conversation, message, note, cancellationToken);
        }
        return lost.Count;
    }

    private static async Task SetHandedAsync(
        Writing writing, OutboundReply reply, long? at, Handing? to, CancellationToken cancellationToken)
    {
        await writing.Sql(
            """
            UPDATE dispatches
            SET handed_at = @at, handed_to = @to, handed_by = @by, handed_through = @through
            WHERE conversation_id = @conversation AND position = @position AND session_id = @session AND state <> 'consumed'
            """)
            .With("@conversation", reply.Conversation.Value).With("@position", reply.Position).With("@session", reply.Session.Value)
            .With("@at", at).With("@to", to?.Agent).With("@by", to?.Sign).With("@through", to is null ? null : reply.Through)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Replies, reply.Session.Value);
        writing.Wake(Topic.Sessions, reply.Session.Value);
    }
}
