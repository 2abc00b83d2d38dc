using System.Globalization;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Dispatch;

/// <summary>Owns the dispatches: one per reply and session, in the session's order, each going ready, staged, placed, consumed. One that
/// goes through hooks and tool calls is handed in between.</summary>
internal static partial class Outbox
{
    /// <summary>In the words of the index over them.</summary>
    private const string IsOpen = "state <> 'consumed'";

    /// <summary>Of the relay's own words for one session.</summary>
    private const int MostNotices = 20;

    public static async Task EnqueueAsync(Writing writing, NewReply reply, CancellationToken cancellationToken)
    {
        await writing.Sql(
            $"""
            INSERT INTO dispatches (conversation_id, position, session_id, dispatch_id, message_id, number, channel, state,
                                    created_at, content)
            SELECT
                @conversation, @position, @session, @id, @message, COALESCE(MAX(number), 0) + 1, @channel, @state, @now, @content
            FROM dispatches
            WHERE channel IN ('folder', 'caller', 'agent') AND session_id = @session AND {IsOpen}
            """)
            .With("@conversation", reply.Conversation.Value).With("@position", reply.Position).With("@session", reply.Session.Value)
            .With("@id", reply.StagedAs ?? NewId(writing.Now)).With("@message", reply.Message?.Value)
            .With("@channel", reply.Channel.Word())
            .With("@state", (reply.StagedAs is null ? DispatchState.Ready : DispatchState.Staged).Word())
            .With("@now", writing.UnixNow).With("@content", reply.Content)
            .ExecuteAsync(cancellationToken);
        if (reply.Channel is ReplyChannel.Folder or ReplyChannel.Caller) // A caller may be gone.
            writing.Wake(Topic.Dispatch);
        if (reply.Channel != ReplyChannel.Folder)
            writing.Wake(Topic.Replies, reply.Session.Value);
        if (reply.Message is { } message)
            writing.Wake(Topic.Replies, message.Value);
    }

    /// <summary>Queues words of the relay itself for a session. They stand in no journal: their positions are below those of any entry.
    /// False when so many of them wait for the session already that more would tell it nothing.</summary>
    public static async Task<bool> NotifyAsync(
        Writing writing, SessionId session, ConversationId conversation, string text, CancellationToken cancellationToken)
    {
        var waiting = await writing.Sql(
            $"""
            SELECT COUNT(*)
            FROM dispatches
            WHERE channel IN ('folder', 'caller', 'agent') AND session_id = @session AND {IsOpen} AND position < 0
            """)
            .With("@session", session.Value)
            .NumberAsync(cancellationToken);
        if (waiting >= MostNotices)
            return false;
        var lowest = await writing.Sql("SELECT MIN(position) FROM dispatches WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value)
            .NumberOrNullAsync(cancellationToken);
        var channel = await SessionStore.ChannelAsync(writing, session, conversation, cancellationToken);
        var notice = new NewReply(conversation, Math.Min(lowest ?? 0, 0) - 1, session, channel, text);
        await EnqueueAsync(writing, notice, cancellationToken);
        return true;
    }

    public static string NewId(DateTimeOffset now) => Guid.CreateVersion7(now).ToString();

    /// <summary>The first open reply of every session that takes them from its folder, each found by one step through the index.</summary>
    public static Task<List<OutboundReply>> FolderHeadsAsync(Reading reading, CancellationToken cancellationToken) =>
        HeadsAsync(reading, ReplyChannel.Folder, cancellationToken);

    /// <summary>The same of every session that takes them through its hooks and tool calls.</summary>
    public static Task<List<OutboundReply>> AgentHeadsAsync(Reading reading, CancellationToken cancellationToken) =>
        HeadsAsync(reading, ReplyChannel.Agent, cancellationToken);

    /// <summary>The reply for a session's folder that comes after another.</summary>
    public static Task<OutboundReply?> NextForFolderAsync(Reading reading, OutboundReply after, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {OutboundReply.ColumnsToPlace}
            FROM dispatches d
            WHERE channel = 'folder' AND session_id = @session AND number > @number AND {IsOpen}
            ORDER BY number
            LIMIT 1
            """)
            .With("@session", after.Session.Value).With("@number", after.Number)
            .FirstAsync(OutboundReply.From, cancellationToken);

    /// <summary>Whether a reply for the session's folder waits to be placed.</summary>
    public static async Task<bool> HasUnplacedAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        await reading.Sql(
            $"""
            SELECT 1
            FROM dispatches
            WHERE channel = 'folder' AND session_id = @session AND {IsOpen} AND state <> 'placed'
            LIMIT 1
            """)
            .With("@session", session.Value)
            .NumberOrNullAsync(cancellationToken) is not null;

    /// <summary>Whether the session is not known to have all that was sent to it, by whatever way.</summary>
    public static async Task<bool> HasUndeliveredAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        await reading.Sql(
            $"""
            SELECT 1
            FROM dispatches
            WHERE channel IN ('folder', 'caller', 'agent') AND session_id = @session AND {IsOpen}
            LIMIT 1
            """)
            .With("@session", session.Value)
            .NumberOrNullAsync(cancellationToken) is not null;

    public static Task StagedAsync(Writing writing, OutboundReply reply, CancellationToken cancellationToken) =>
        SetStateAsync(writing, reply, DispatchState.Staged, cancellationToken);

    /// <summary>It lies in the session's folder.</summary>
    public static Task PlacedAsync(Writing writing, OutboundReply reply, CancellationToken cancellationToken) =>
        SetStateAsync(writing, reply, DispatchState.Placed, cancellationToken);

    /// <summary>The receipt: the session took it. False when that was known before.</summary>
    public static async Task<bool> ConsumedAsync(Writing writing, OutboundReply reply, CancellationToken cancellationToken)
    {
        if (await SetStateAsync(writing, reply, DispatchState.Consumed, cancellationToken) == 0)
            return false;
        if (reply.State != DispatchState.Placed) // Handed over without a folder; one that was placed is noted as that.
            await NoteLastAsync(writing, reply.Session, writing.Now, cancellationToken);
        return true;
    }

    /// <summary>The session took some pieces of it.</summary>
    public static async Task ToldAsync(Writing writing, OutboundReply reply, int told, CancellationToken cancellationToken)
    {
        await writing.Sql(
            """
            UPDATE dispatches
            SET told = @told, handed_at = NULL, handed_to = NULL, handed_by = NULL, handed_through = NULL
            WHERE conversation_id = @conversation AND position = @position AND session_id = @session AND state <> 'consumed'
            """)
            .With("@conversation", reply.Conversation.Value).With("@position", reply.Position).With("@session", reply.Session.Value)
            .With("@told", told)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Replies, reply.Session.Value); // The rest waits.
    }

    /// <summary>When a reply last reached a session, and which: for the status, in one row.</summary>
    public static Task NoteLastAsync(Writing writing, SessionId session, DateTimeOffset at, CancellationToken cancellationToken) =>
        FactStore.SetAsync(
            writing,
            FactStore.LastDispatch,
            string.Create(CultureInfo.InvariantCulture, $"{at.ToUnixTimeMilliseconds()} {session}"),
            cancellationToken);

    /// <summary>What lies in folders nobody looks into any more is to be placed anew.</summary>
    public static Task<int> TakeBackAsync(Writing writing, CancellationToken cancellationToken) =>
        writing.Sql($"UPDATE dispatches SET state = 'ready', placed_at = NULL WHERE channel = 'folder' AND {IsOpen} AND state <> 'ready'")
            .ExecuteAsync(cancellationToken);

    /// <summary>What a session that takes its replies through hooks and tool calls is not known to have, in order: what waits, and what was
    /// handed.</summary>
    public static Task<List<OutboundReply>> ForAgentAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {OutboundReply.Columns}
            FROM dispatches
            WHERE channel = 'agent' AND session_id = @session AND {IsOpen}
            ORDER BY number
            """)
            .With("@session", session.Value)
            .ListAsync(OutboundReply.From, cancellationToken);

    /// <summary>The reply to a message, null while there is none.</summary>
    public static async Task<OutboundReply?> ReplyToAsync(Reading reading, Message? message, CancellationToken cancellationToken) =>
        message?.ReplyPosition is not { } position ? null : await reading.Sql(
            $"""
            SELECT {OutboundReply.Columns}
            FROM dispatches
            WHERE conversation_id = @conversation AND position = @position AND session_id = @session
            """)
            .With("@conversation", message.Conversation.Value).With("@position", position).With("@session", message.Session.Value)
            .FirstAsync(OutboundReply.From, cancellationToken);

    /// <summary>How far the reply to a message has come, with its times; null while there is none.</summary>
    public static async Task<DispatchRecord?> RecordOfAsync(Reading reading, Message message, CancellationToken cancellationToken) =>
        message.ReplyPosition is not { } position ? null : await reading.Sql(
            """
            SELECT dispatch_id, session_id, channel, state, content, created_at, placed_at, handed_at, consumed_at
            FROM dispatches
            WHERE conversation_id = @conversation AND position = @position AND session_id = @session
            """)
            .With("@conversation", message.Conversation.Value).With("@position", position).With("@session", message.Session.Value)
            .FirstAsync(DispatchRecord.From, cancellationToken);

    /// <summary>How many replies each session has not taken yet, read from the index alone.</summary>
    public static Task<List<(string Session, long Count)>> UndeliveredAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT session_id, COUNT(*)
            FROM dispatches
            WHERE {IsOpen}
            GROUP BY channel, session_id
            """)
            .ListAsync(row => (row.Text(), row.Number()), cancellationToken);

    /// <summary>All replies that have not reached their sessions yet, oldest first.</summary>
    public static async Task<List<OutboundReply>> OpenAsync(Reading reading, CancellationToken cancellationToken)
    {
        var open = await reading.Sql(
            $"""
            SELECT {OutboundReply.Columns}
            FROM dispatches
            WHERE {IsOpen}
            """)
            .ListAsync(OutboundReply.From, cancellationToken);
        return open.OrderBy(reply => reply.CreatedAt).ThenBy(reply => reply.Number).ToList();
    }

    /// <summary>Whom the entries between two positions of a journal went to, and which message each answers.</summary>
    public static Task<List<(long Position, SessionId Session, MessageId? Message)>> RecipientsAsync(
        Reading reading, ConversationId conversation, long after, long through, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT position, session_id, message_id
            FROM dispatches
            WHERE conversation_id = @conversation AND position > @after AND position <= @through
            ORDER BY position, session_id
            """)
            .With("@conversation", conversation.Value).With("@after", after).With("@through", through)
            .ListAsync(row => (row.Number(), SessionId.Stored(row.Text()), Message(row.TextOrNull())), cancellationToken);

    private static MessageId? Message(string? id) => id is null ? null : new MessageId(id);

    /// <summary>The names of the files that were staged for replies not taken yet.</summary>
    public static Task<List<string>> StagedNamesAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT dispatch_id FROM dispatches WHERE channel = 'folder' AND {IsOpen} AND state <> 'ready'")
            .ListAsync(row => row.Text(), cancellationToken);

    private static Task<List<OutboundReply>> HeadsAsync(Reading reading, ReplyChannel channel, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            WITH RECURSIVE heads (session_id) AS (
                SELECT (SELECT MIN(session_id) FROM dispatches WHERE channel = @channel AND {IsOpen})
                UNION ALL
                SELECT (SELECT MIN(n.session_id) FROM dispatches n WHERE n.channel = @channel AND {IsOpen} AND n.session_id > h.session_id)
                FROM heads h
                WHERE h.session_id IS NOT NULL)
            SELECT {OutboundReply.ColumnsToPlace}
            FROM heads h
            JOIN dispatches d ON d.channel = @channel AND d.session_id = h.session_id AND d.{IsOpen}
            WHERE d.number = (
                SELECT MIN(f.number)
                FROM dispatches f
                WHERE f.channel = @channel AND f.session_id = h.session_id AND f.{IsOpen})
            """)
            .With("@channel", channel.Word())
            .ListAsync(OutboundReply.From, cancellationToken);

    private static Task<int> SetStateAsync(Writing writing, OutboundReply reply, DispatchState state, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Sessions, reply.Session.Value);
        if (reply.Message is { } message)
            writing.Wake(Topic.Replies, message.Value);
        return writing.Sql(
            """
            UPDATE dispatches
            SET state = @state,
                placed_at = CASE @state WHEN 'placed' THEN @now ELSE placed_at END,
                consumed_at = CASE @state WHEN 'consumed' THEN @now ELSE consumed_at END
            WHERE conversation_id = @conversation AND position = @position AND session_id = @session AND state <> 'consumed'
            """)
            .With("@conversation", reply.Conversation.Value).With("@position", reply.Position).With("@session", reply.Session.Value)
            .With("@state", state.Word()).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }
}
