using Relay.Running;
using Relay.Storage;

namespace Relay.Dispatch;

internal static partial class Outbox
{
    /// <summary>Sends what a caller no longer waits for to the session's folder. Where a later one lies there already it comes after all:
    /// what was placed is the first of them, or it would count as not placed.</summary>
    public static async Task ToFolderAsync(Writing writing, OutboundReply reply, CancellationToken cancellationToken)
    {
        await writing.Sql(
            $"""
            UPDATE dispatches
            SET channel = 'folder',
                number = CASE WHEN EXISTS (
                    SELECT 1
                    FROM dispatches p
                    WHERE p.channel = 'folder' AND p.session_id = @session AND p.{IsOpen} AND p.state = 'placed' AND p.number > @number)
                THEN (
                    SELECT MAX(o.number) + 1
                    FROM dispatches o
                    WHERE o.channel IN ('folder', 'caller', 'agent') AND o.session_id = @session AND o.{IsOpen})
                ELSE number END
            WHERE conversation_id = @conversation AND position = @position AND session_id = @session AND channel = 'caller'
              AND state = 'ready'
            """)
            .With("@conversation", reply.Conversation.Value).With("@position", reply.Position).With("@session", reply.Session.Value)
            .With("@number", reply.Number)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Dispatch);
    }

    public static Task<List<OutboundReply>> ForCallersAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {OutboundReply.Columns}
            FROM dispatches
            WHERE channel = 'caller' AND {IsOpen}
            """)
            .ListAsync(OutboundReply.From, cancellationToken);
}
