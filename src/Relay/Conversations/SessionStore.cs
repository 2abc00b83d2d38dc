using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

internal sealed record Session(
    SessionId Id,
    ConversationId Conversation,
    ReplyChannel Channel,
    DateTimeOffset FirstSeenAt,
    DateTimeOffset? LastSeenAt,
    DateTimeOffset? EndedAt)
{
    public const string Columns = "session_id, conversation_id, channel, first_seen_at, last_seen_at, ended_at";

    public static Session From(Row row) => new(
        SessionId.Stored(row.Text()),
        new ConversationId(row.Text()),
        row.Word<ReplyChannel>(),
        row.Time(),
        row.TimeOrNull(),
        row.TimeOrNull());
}

/// <summary>Reads and writes the sessions.</summary>
internal static class SessionStore
{
    /// <summary>A session that was not heard of for so long, that is not in the configuration and has no message under way, is not told of
    /// any more.</summary>
    public static readonly TimeSpan Remembered = TimeSpan.FromDays(7);

    /// <summary>A session that was seen more recently than this is not written again.</summary>
    private static readonly TimeSpan SeenAgain = TimeSpan.FromSeconds(1);

    /// <summary>Records that a session is active, and adds it and its conversation if they are new. If the session belongs to another
    /// conversation now, only its later messages go there.</summary>
    public static async Task SeenAsync(
        Writing writing, SessionId session, ConversationId conversation, ReplyChannel channel, CancellationToken cancellationToken)
    {
        var known = await FindAsync(writing, session, cancellationToken);
        var unasked = ForUnasked(channel, known);
        if (known is null || known.Conversation != conversation)
            await ConversationStore.KnowAsync(writing, conversation, cancellationToken);
        if (known is null)
            await InsertAsync(writing, session, conversation, unasked, cancellationToken);
        if (known is { LastSeenAt: { } seen, EndedAt: null } && known.Conversation == conversation && known.Channel == unasked
            && (writing.Now - seen).Duration() < SeenAgain)
            return;
        await writing.Sql(
            """
            UPDATE sessions
            SET conversation_id = @conversation, channel = @channel, last_seen_at = @now, ended_at = NULL
            WHERE session_id = @session
            """)
            .With("@session", session.Value).With("@conversation", conversation.Value)
            .With("@channel", unasked.Word()).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Sessions, session.Value);
    }

    /// <summary>How the session gets what it did not ask for. A note wants no reply, and whoever calls waits for one reply only: neither
    /// says anything about how the session reads the others.</summary>
    private static ReplyChannel ForUnasked(ReplyChannel spokenThrough, Session? known) => spokenThrough switch
    {
        ReplyChannel.Agent => ReplyChannel.Agent,
        ReplyChannel.None => known?.Channel ?? ReplyChannel.Agent, // Only tools send notes.
        ReplyChannel.Caller when known is { EndedAt: null } => known.Channel,
        _ => ReplyChannel.Folder,
    };

    /// <summary>Adds a session, and its conversation, unless they exist.</summary>
    public static async Task IntroduceAsync(
        Writing writing, SessionId session, ConversationId conversation, CancellationToken cancellationToken)
    {
        await ConversationStore.KnowAsync(writing, conversation, cancellationToken);
        await InsertAsync(writing, session, conversation, ReplyChannel.Folder, cancellationToken);
    }

    /// <summary>Whose the name is that was made just now.</summary>
    public static Task MadeByAsync(Writing writing, SessionId session, string source, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE sessions SET made_by = @source WHERE session_id = @session")
            .With("@session", session.Value).With("@source", source)
            .ExecuteAsync(cancellationToken);

    /// <summary>How many names a source has made since a time, and when the first of them. One of a time to come was made before the
    /// clock was set back.</summary>
    public static Task<(long Count, DateTimeOffset? First)> MadeSinceAsync(
        Reading reading, string source, DateTimeOffset since, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT COUNT(*), MIN(first_seen_at)
            FROM sessions
            WHERE made_by = @source AND first_seen_at > @since AND first_seen_at <= @now
            """)
            .With("@source", source).With("@since", since.ToUnixTimeMilliseconds()).With("@now", reading.UnixNow)
            .OnlyAsync(row => (row.Number(), row.TimeOrNull()), cancellationToken);

    /// <summary>Its user has entered a prompt: its rounds count from here.</summary>
    public static async Task PromptAsync(Writing writing, SessionId session, CancellationToken cancellationToken) =>
        await writing.Sql("UPDATE sessions SET prompted = @round WHERE session_id = @session")
            .With("@session", session.Value)
            .With("@round", await CounterStore.LastAsync(writing, CounterStore.Rounds, cancellationToken))
            .ExecuteAsync(cancellationToken);

    /// <summary>The newest round at its user's last prompt.</summary>
    public static async Task<long> PromptedAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT prompted FROM sessions WHERE session_id = @session")
            .With("@session", session.Value)
            .NumberOrNullAsync(cancellationToken) ?? 0;

    public static Task EndedAsync(Writing writing, SessionId session, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE sessions SET ended_at = @now WHERE session_id = @session")
            .With("@session", session.Value).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    public static Task<Session?> FindAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {Session.Columns} FROM sessions WHERE session_id = @session")
            .With("@session", session.Value)
            .FirstAsync(Session.From, cancellationToken);

    /// <summary>How a session gets a text for which it has not asked. A new session is added; it gets its replies in its folder.</summary>
    public static async Task<ReplyChannel> ChannelAsync(
        Writing writing, SessionId session, ConversationId conversation, CancellationToken cancellationToken)
    {
        await IntroduceAsync(writing, session, conversation, cancellationToken);
        return (await FindAsync(writing, session, cancellationToken))!.Channel;
    }

    /// <summary>The sessions of a conversation that were active last, newest first.</summary>
    public static Task<List<Session>> HeardOfAsync(
        Reading reading, ConversationId conversation, int limit, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Session.Columns}
            FROM sessions
            WHERE conversation_id = @conversation AND last_seen_at IS NOT NULL
            ORDER BY last_seen_at DESC
            LIMIT @limit
            """)
            .With("@conversation", conversation.Value).With("@limit", limit)
            .ListAsync(Session.From, cancellationToken);

    /// <summary>How many sessions of the conversation were heard of since a time.</summary>
    public static Task<long> CountHeardOfAsync(
        Reading reading, ConversationId conversation, DateTimeOffset since, CancellationToken cancellationToken) =>
        reading.Sql("SELECT COUNT(*) FROM sessions WHERE conversation_id = @conversation AND last_seen_at >= @since")
            .With("@conversation", conversation.Value).With("@since", since.ToUnixTimeMilliseconds())
            .NumberAsync(cancellationToken);

    /// <summary>The same of all conversations.</summary>
    public static Task<long> CountHeardOfAsync(Reading reading, DateTimeOffset since, CancellationToken cancellationToken) =>
        reading.Sql("SELECT COUNT(*) FROM sessions WHERE last_seen_at >= @since")
            .With("@since", since.ToUnixTimeMilliseconds())
            .NumberAsync(cancellationToken);

    /// <summary>Whether any session of the conversation gets its replies through hooks.</summary>
    public static async Task<bool> HasAgentAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken) =>
        await reading.Sql(
            """
            SELECT 1
            FROM sessions
            WHERE conversation_id = @conversation AND channel = 'agent'
            LIMIT 1
            """)
            .With("@conversation", conversation.Value)
            .NumberOrNullAsync(cancellationToken) is not null;

    /// <summary>Those of the names that are sessions of the conversation.</summary>
    public static async Task<HashSet<string>> KnownAsync(
        Reading reading, ConversationId conversation, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var known = new HashSet<string>();
        foreach (var name in names)
            if ((await FindAsync(reading, SessionId.Stored(name), cancellationToken))?.Conversation == conversation)
                known.Add(name);
        return known;
    }

    public static Task<List<string>> NamesAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql("SELECT session_id FROM sessions ORDER BY session_id").ListAsync(row => row.Text(), cancellationToken);

    public static Task<List<Session>> ListAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {Session.Columns} FROM sessions ORDER BY session_id").ListAsync(Session.From, cancellationToken);

    /// <summary>The sessions that were active last, newest first.</summary>
    public static Task<List<Session>> NewestAsync(Reading reading, int limit, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Session.Columns}
            FROM sessions
            WHERE last_seen_at IS NOT NULL
            ORDER BY last_seen_at DESC
            LIMIT @limit
            """)
            .With("@limit", limit)
            .ListAsync(Session.From, cancellationToken);

    private static async Task InsertAsync(
        Writing writing, SessionId session, ConversationId conversation, ReplyChannel channel, CancellationToken cancellationToken)
    {
        var isNew = await writing.Sql(
            """
            INSERT INTO sessions (session_id, conversation_id, channel, first_seen_at)
            VALUES (@session, @conversation, @channel, @now)
            ON CONFLICT (session_id) DO NOTHING
            """)
            .With("@session", session.Value).With("@conversation", conversation.Value)
            .With("@channel", channel.Word()).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        if (isNew == 0)
            return;
        await CounterStore.NextAsync(writing, CounterStore.Sessions, cancellationToken);
        writing.Wake(Topic.Sessions, session.Value);
    }
}
