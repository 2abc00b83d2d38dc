using System.Data.Common;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>The append-only record of every conversation. Nothing in it is changed or removed, ever.</summary>
internal sealed class Journal(Database database, TimeProvider clock)
{
    private readonly WindowCache _windows = new();

    /// <summary>Appends once per message and role: a repeated turn finds its entry there and adds none. Returns the position either way.</summary>
    public async Task<long> AppendAsync(
        DbTransaction transaction,
        ConversationId conversation,
        MessageId? message,
        EntryRole role,
        string speaker,
        string content,
        bool ruling,
        CancellationToken cancellationToken)
    {
        if (message is { } id && await PositionAsync(transaction.Connection!, conversation, id, role, cancellationToken) is var position and > 0)
            return position;
        return await InsertAsync(transaction, conversation, message, role, speaker, content, ruling, coversThrough: null, clock.UnixNow(), cancellationToken);
    }

    /// <summary>Adds a summary of everything up to a position; what it sums up stays where it is.</summary>
    public async Task AppendSummaryAsync(
        DbTransaction transaction, ConversationId conversation, string content, long coversThrough, CancellationToken cancellationToken)
    {
        await InsertAsync(transaction, conversation, message: null, EntryRole.Summary, "relay", content, ruling: false, coversThrough, clock.UnixNow(), cancellationToken);
        await transaction.Command(
            """
            UPDATE conversations
            SET window_turns = (
                    SELECT COUNT(*)
                    FROM entries
                    WHERE conversation_id = @conversation AND position > @covers AND role <> 'summary'),
                window_characters = @summary + (
                    SELECT COALESCE(SUM(characters), 0)
                    FROM entries
                    WHERE conversation_id = @conversation AND position > @covers AND role <> 'summary')
            WHERE conversation_id = @conversation
            """)
            .With("@conversation", conversation.Value).With("@covers", coversThrough).With("@summary", content.Length)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>What the advisor is shown next: the rulings and the newest summary, and every turn since.</summary>
    public async Task<ContextWindow> WindowAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        var window = await database.ReadAsync(connection => WindowAsync(connection, conversation, cancellationToken), cancellationToken);
        Remember(conversation, window);
        return window;
    }

    /// <summary>Reads what was appended since the window was remembered. Inside a transaction that is perhaps not there to stay.</summary>
    public async Task<ContextWindow> WindowAsync(DbConnection connection, ConversationId conversation, CancellationToken cancellationToken)
    {
        if (_windows.Find(conversation) is not { } known)
            return await WholeAsync(connection, conversation, cancellationToken);
        var newer = await BetweenAsync(connection, conversation, known.Through, long.MaxValue, cancellationToken);
        return newer.Exists(entry => entry.Role == EntryRole.Summary)
            ? await WholeAsync(connection, conversation, cancellationToken)
            : known.With(newer);
    }

    /// <summary>For the turns to come. Only what is committed: that never changes again.</summary>
    public void Remember(ConversationId conversation, ContextWindow window) => _windows.Keep(conversation, window);

    public static async Task<bool> HasEntryAsync(
        DbConnection connection, ConversationId conversation, MessageId message, EntryRole role, CancellationToken cancellationToken) =>
        await PositionAsync(connection, conversation, message, role, cancellationToken) > 0;

    /// <summary>The entries after one position up to another, in order.</summary>
    public Task<List<Entry>> BetweenAsync(ConversationId conversation, long after, long through, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => BetweenAsync(connection, conversation, after, through, cancellationToken), cancellationToken);

    /// <summary>Size of what the next calls would carry, over all conversations.</summary>
    public Task<HistorySize> SizeAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async connection => (await connection.Command(
                """
                SELECT COALESCE(SUM(window_turns), 0) AS turns, COALESCE(SUM(window_characters), 0) AS characters
                FROM conversations
                """)
                .ListAsync(ToSize, cancellationToken))[0],
            cancellationToken);

    public Task<HistorySize?> SizeAsync(ConversationId conversation, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT window_turns AS turns, window_characters AS characters
                FROM conversations
                WHERE conversation_id = @conversation
                """)
                .With("@conversation", conversation.Value)
                .FirstAsync(ToSize, cancellationToken),
            cancellationToken);

    /// <summary>Keeps the order and the times' order of a list that came from elsewhere.</summary>
    public Task<long> ImportAsync(
        DbTransaction transaction, ConversationId conversation, EntryRole role, string speaker, string content, CancellationToken cancellationToken) =>
        InsertAsync(transaction, conversation, message: null, role, speaker, content, ruling: false, coversThrough: null, clock.UnixNow(), cancellationToken);

    private static async Task<ContextWindow> WholeAsync(DbConnection connection, ConversationId conversation, CancellationToken cancellationToken)
    {
        var summary = await connection.Command(
            $"""
            SELECT {Entry.Columns}
            FROM entries
            WHERE conversation_id = @conversation AND role = 'summary'
            ORDER BY position DESC
            LIMIT 1
            """)
            .With("@conversation", conversation.Value)
            .FirstAsync(Entry.From, cancellationToken);
        var coveredThrough = summary?.CoversThrough ?? 0;
        var turns = await connection.Command(
            $"""
            SELECT {Entry.Columns}
            FROM entries
            WHERE conversation_id = @conversation AND position > @covered AND role <> 'summary'
            ORDER BY position
            """)
            .With("@conversation", conversation.Value).With("@covered", coveredThrough)
            .ListAsync(Entry.From, cancellationToken);
        var rulings = coveredThrough == 0 ? [] : await RulingsAsync(connection, conversation, coveredThrough, cancellationToken);
        return new ContextWindow(rulings, summary, turns);
    }

    private static Task<List<Entry>> BetweenAsync(
        DbConnection connection, ConversationId conversation, long after, long through, CancellationToken cancellationToken) =>
        connection.Command(
            $"""
            SELECT {Entry.Columns}
            FROM entries
            WHERE conversation_id = @conversation AND position > @after AND position <= @through
            ORDER BY position
            """)
            .With("@conversation", conversation.Value).With("@after", after).With("@through", through)
            .ListAsync(Entry.From, cancellationToken);

    private static HistorySize ToSize(DbDataReader reader) => new(reader.Number("turns"), reader.Number("characters"));

    private static Task<List<Ruling>> RulingsAsync(DbConnection connection, ConversationId conversation, long through, CancellationToken cancellationToken) =>
        connection.Command(
            """
            SELECT e.at, e.speaker, e.content, q.text AS question
            FROM entries e
            LEFT JOIN questions q ON q.conversation_id = e.conversation_id AND q.answer_message_id = e.message_id
            WHERE e.conversation_id = @conversation AND e.ruling = 1 AND e.position <= @through
            ORDER BY e.position
            """)
            .With("@conversation", conversation.Value).With("@through", through)
            .ListAsync(
                reader => new Ruling(reader.Time("at"), reader.Text("speaker"), reader.Text("content"), reader.TextOrNull("question")),
                cancellationToken);

    private static Task<long> PositionAsync(
        DbConnection connection, ConversationId conversation, MessageId message, EntryRole role, CancellationToken cancellationToken) =>
        connection.Command(
            """
            SELECT position
            FROM entries
            WHERE conversation_id = @conversation AND message_id = @message AND role = @role
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value).With("@role", role.Word())
            .NumberAsync(cancellationToken);

    private static async Task<long> InsertAsync(
        DbTransaction transaction,
        ConversationId conversation,
        MessageId? message,
        EntryRole role,
        string speaker,
        string content,
        bool ruling,
        long? coversThrough,
        long at,
        CancellationToken cancellationToken)
    {
        var position = await transaction.Command(
            """
            UPDATE conversations
            SET last_position = last_position + 1,
                window_turns = window_turns + 1,
                window_characters = window_characters + @characters
            WHERE conversation_id = @conversation
            RETURNING last_position
            """)
            .With("@conversation", conversation.Value).With("@characters", content.Length)
            .NumberAsync(cancellationToken);
        await transaction.Command(
            """
            INSERT INTO entries (conversation_id, position, role, message_id, speaker, ruling, content, characters, covers_through, at)
            VALUES (@conversation, @position, @role, @message, @speaker, @ruling, @content, @characters, @covers, @at)
            """)
            .With("@conversation", conversation.Value).With("@position", position).With("@role", role.Word())
            .With("@message", message?.Value).With("@speaker", speaker).With("@ruling", ruling ? 1 : 0)
            .With("@content", content).With("@characters", content.Length).With("@covers", coversThrough).With("@at", at)
            .ExecuteAsync(cancellationToken);
        return position;
    }
}

/// <summary>Turns counts entries: a question and its reply are 2.</summary>
internal sealed record HistorySize(long Turns, long Characters);
