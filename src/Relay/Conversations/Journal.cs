using System.Globalization;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

/// <summary>An entry that is not in the journal yet.</summary>
internal sealed record NewEntry(ConversationId Conversation, EntryRole Role, string Speaker, string Content)
{
    public MessageId? Message { get; init; }

    /// <summary>Whether it is a decision of the operator, which the advisor is shown word for word for ever.</summary>
    public bool IsRuling { get; init; }

    /// <summary>The number of the ruling that it is, or carries from another conversation.</summary>
    public long? Ruling { get; init; }

    /// <summary>What calls say of it, before it.</summary>
    public string? Note { get; init; }

    /// <summary>The question that a ruling decides.</summary>
    public string? Question { get; init; }

    /// <summary>The last position that a summary covers.</summary>
    public long? CoversThrough { get; init; }
}

/// <summary>Reads and appends the entries of all conversations. The content of an entry is never changed and never removed.</summary>
internal static class Journal
{
    private const string IsAfterSummary =
        """
        CASE WHEN position > COALESCE((
            SELECT covers_through
            FROM entries
            WHERE conversation_id = @conversation AND position = (
                SELECT MAX(position)
                FROM entries
                WHERE conversation_id = @conversation AND role = 'summary')), 0) THEN CAST(1 AS BIGINT) ELSE 0 END
        """;

    /// <returns>The position of the new entry.</returns>
    public static async Task<long> AppendAsync(Writing writing, NewEntry entry, CancellationToken cancellationToken)
    {
        var position = await ConversationStore.NextPositionAsync(writing, entry.Conversation, entry.Content.Length, cancellationToken);
        await writing.Sql(
            """
            INSERT INTO entries (
                conversation_id, position, role, message_id, speaker, ruling, question, content, characters, covers_through, at, quoted,
                ruling_id, note)
            VALUES (
                @conversation, @position, @role, @message, @speaker, @ruling, @question, @content, @characters, @covers, @at, 1,
                @number, @note)
            """)
            .With("@conversation", entry.Conversation.Value).With("@position", position).With("@role", entry.Role.Word())
            .With("@message", entry.Message?.Value).With("@speaker", entry.Speaker).With("@ruling", entry.IsRuling ? 1 : 0)
            .With("@question", entry.Question).With("@content", entry.Content).With("@characters", entry.Content.Length)
            .With("@covers", entry.CoversThrough).With("@at", writing.UnixNow)
            .With("@number", entry.Ruling).With("@note", entry.Note)
            .ExecuteAsync(cancellationToken);
        return position;
    }

    /// <summary>Appends a summary of everything up to a position. The entries that it covers remain in the journal.</summary>
    public static async Task AppendSummaryAsync(
        Writing writing, ConversationId conversation, string content, long coversThrough, CancellationToken cancellationToken)
    {
        var summary = new NewEntry(conversation, EntryRole.Summary, "relay", content) { CoversThrough = coversThrough };
        await AppendAsync(writing, summary, cancellationToken);
        var left = await writing.Sql(
            """
            SELECT COUNT(*), CAST(COALESCE(SUM(characters), 0) AS BIGINT)
            FROM entries
            WHERE conversation_id = @conversation AND position > @covers AND role <> 'summary'
            """)
            .With("@conversation", conversation.Value).With("@covers", coversThrough)
            .OnlyAsync(row => new HistorySize(row.Number(), row.Number()), cancellationToken);
        var rulings = await RulingCharactersAsync(writing, conversation, coversThrough, cancellationToken);
        var size = left with { Characters = left.Characters + content.Length + rulings };
        await ConversationStore.SetSizeAsync(writing, conversation, size, cancellationToken);
    }

    /// <summary>Leaves out an entry and, before it, the words of sessions that no reply has followed yet: one of them may be what the API
    /// does not take. The operator's stay.</summary>
    public static async Task LeaveOutTurnAsync(
        Writing writing, ConversationId conversation, long position, string why, CancellationToken cancellationToken)
    {
        await LeaveOutAsync(writing, conversation, position, why, cancellationToken);
        while (await BetweenAsync(writing, conversation, position - 2, position - 1, cancellationToken)
            is [{ Role: EntryRole.User } before])
        {
            position = before.Position;
            if (!before.IsOperators)
                await LeaveOutAsync(writing, conversation, position, why, cancellationToken);
        }
    }

    /// <summary>From now on calls carry a line in place of an entry. The journal keeps it, marked.</summary>
    public static async Task LeaveOutAsync(
        Writing writing, ConversationId conversation, long position, string why, CancellationToken cancellationToken)
    {
        var entry = await writing.Sql(
            $"""
            SELECT speaker, at, characters, ruling, {IsAfterSummary}
            FROM entries
            WHERE conversation_id = @conversation AND position = @position AND left_out IS NULL
            """)
            .With("@conversation", conversation.Value).With("@position", position)
            .FirstAsync(row => new Carried(row.Text(), row.Time(), row.Number(), row.Flag(), row.Flag()), cancellationToken);
        if (entry is null)
            return;
        var line = entry.Line(why);
        await writing.Sql(
            """
            UPDATE entries
            SET left_out = @line, characters = @characters
            WHERE conversation_id = @conversation AND position = @position
            """)
            .With("@conversation", conversation.Value).With("@position", position)
            .With("@line", line).With("@characters", line.Length)
            .ExecuteAsync(cancellationToken);
        await ConversationStore.RewriteAsync(
            writing, conversation,
            entry.InWindow ? line.Length - entry.Characters : entry.IsRuling ? -entry.Characters : 0, cancellationToken);
    }

    /// <summary>A ruling of this conversation that was left out counts again: calls carry it in its place, as before.</summary>
    public static async Task BringBackAsync(
        Writing writing, ConversationId conversation, long ruling, CancellationToken cancellationToken)
    {
        var entries = await writing.Sql(
            $"""
            SELECT position, content, characters, ruling, {IsAfterSummary}
            FROM entries
            WHERE conversation_id = @conversation AND left_out IS NOT NULL AND position IN (
                SELECT position
                FROM entries
                WHERE conversation_id = @conversation AND ruling_id = @ruling)
            ORDER BY position
            """)
            .With("@conversation", conversation.Value).With("@ruling", ruling)
            .ListAsync(row => (At: row.Number(), row.Text().Length, Line: row.Number(), IsRuling: row.Flag(), InWindow: row.Flag()),
                cancellationToken);
        foreach (var entry in entries)
        {
            await writing.Sql(
                """
                UPDATE entries
                SET left_out = NULL, characters = @characters
                WHERE conversation_id = @conversation AND position = @position
                """)
                .With("@conversation", conversation.Value).With("@position", entry.At).With("@characters", entry.Length)
                .ExecuteAsync(cancellationToken);
            await ConversationStore.RewriteAsync(
                writing, conversation, entry.InWindow ? entry.Length - entry.Line : entry.IsRuling ? entry.Length : 0, cancellationToken);
        }
    }

    private sealed record Carried(string Speaker, DateTimeOffset At, long Characters, bool IsRuling, bool InWindow)
    {
        public string Line(string why) => string.Create(
            CultureInfo.InvariantCulture,
            $"{RelayMark.Text} A message of {Speaker}, {At:yyyy-MM-dd HH:mm} UTC, {Characters:N0} characters, is left out: {why}.");
    }

    /// <summary>What the advisor is shown next: the rulings, the newest summary and all turns since.</summary>
    public static async Task<ContextWindow> WindowAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        var summary = await reading.Sql(
            $"""
            SELECT {Entry.Columns}
            FROM entries
            WHERE conversation_id = @conversation AND position = (
                SELECT MAX(position)
                FROM entries
                WHERE conversation_id = @conversation AND role = 'summary')
            """)
            .With("@conversation", conversation.Value)
            .FirstAsync(Entry.From, cancellationToken);
        var coveredThrough = summary?.CoversThrough ?? 0;
        var turns = await reading.Sql(
            $"""
            SELECT {Entry.Columns}
            FROM entries
            WHERE conversation_id = @conversation AND position > @covered AND role <> 'summary'
            ORDER BY position
            """)
            .With("@conversation", conversation.Value).With("@covered", coveredThrough)
            .ListAsync(Entry.From, cancellationToken);
        var begun = turns.TakeWhile(entry => entry.Role == EntryRole.User).LastOrDefault()?.Position ?? coveredThrough;
        var rulings = coveredThrough == 0 ? [] : await RulingsAsync(reading, conversation, coveredThrough, begun, cancellationToken);
        return new ContextWindow(rulings, summary, turns);
    }

    /// <summary>The entries after one position and up to another, in order.</summary>
    public static Task<List<Entry>> BetweenAsync(
        Reading reading, ConversationId conversation, long after, long through, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Entry.Columns}
            FROM entries
            WHERE conversation_id = @conversation AND position > @after AND position <= @through
            ORDER BY position
            """)
            .With("@conversation", conversation.Value).With("@after", after).With("@through", through)
            .ListAsync(Entry.From, cancellationToken);

    /// <summary>Where a ruling stands: in its own conversation, and in those that were told of it.</summary>
    public static Task<List<(ConversationId Conversation, long Position)>> PlacesOfAsync(
        Reading reading, long ruling, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT conversation_id, position
            FROM entries
            WHERE ruling_id = @ruling AND left_out IS NULL
            ORDER BY conversation_id, position
            """)
            .With("@ruling", ruling)
            .ListAsync(row => (new ConversationId(row.Text()), row.Number()), cancellationToken);

    /// <summary>Whether calls to come carry a ruling for ever, and what they say of it.</summary>
    public static async Task CarryAsync(
        Writing writing, (ConversationId Conversation, long Position) place, bool forEver, string note, CancellationToken cancellationToken)
    {
        await writing.Sql(
            """
            UPDATE entries
            SET ruling = @carried, note = @note
            WHERE conversation_id = @conversation AND position = @position
            """)
            .With("@conversation", place.Conversation.Value).With("@position", place.Position)
            .With("@carried", forEver ? 1 : 0).With("@note", note)
            .ExecuteAsync(cancellationToken);
        await ConversationStore.RewriteAsync(writing, place.Conversation, characters: 0, cancellationToken);
    }

    /// <summary>Where the operator last spoke; 0 where he never did.</summary>
    public static async Task<long> LastRulingAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT MAX(position) FROM entries WHERE conversation_id = @conversation AND ruling_id IS NOT NULL")
            .With("@conversation", conversation.Value)
            .NumberOrNullAsync(cancellationToken) ?? 0;

    /// <summary>Who speaks in an entry; null where there is none.</summary>
    public static Task<string?> SpeakerAsync(
        Reading reading, ConversationId conversation, long position, CancellationToken cancellationToken) =>
        reading.Sql("SELECT speaker FROM entries WHERE conversation_id = @conversation AND position = @position")
            .With("@conversation", conversation.Value).With("@position", position)
            .FirstAsync(row => row.Text(), cancellationToken);

    /// <summary>The same with the message that each holds or answers, for people.</summary>
    public static Task<List<(Entry Entry, MessageId? Message)>> ToldBetweenAsync(
        Reading reading, ConversationId conversation, long after, long through, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Entry.Columns}, message_id
            FROM entries
            WHERE conversation_id = @conversation AND position > @after AND position <= @through
            ORDER BY position
            """)
            .With("@conversation", conversation.Value).With("@after", after).With("@through", through)
            .ListAsync(
                row => (Entry.From(row), row.TextOrNull() is { } message ? new MessageId(message) : (MessageId?)null), cancellationToken);

    private static Task<long> RulingCharactersAsync(
        Reading reading, ConversationId conversation, long through, CancellationToken cancellationToken) =>
        // As for the rulings themselves, the positions come from the index alone.
        reading.Sql(
            """
            SELECT CAST(COALESCE(SUM(characters), 0) AS BIGINT)
            FROM entries
            WHERE conversation_id = @conversation AND position IN (
                SELECT position
                FROM entries
                WHERE conversation_id = @conversation AND ruling = 1 AND position <= @through)
              AND left_out IS NULL
            """)
            .With("@conversation", conversation.Value).With("@through", through)
            .NumberAsync(cancellationToken);

    /// <summary>The rulings that are summed up, and of those that the turns begin with the ones whose question is.</summary>
    private static Task<List<Ruling>> RulingsAsync(
        Reading reading, ConversationId conversation, long covered, long begun, CancellationToken cancellationToken) =>
        // The positions come from the index alone. For whole rows SQLite takes the primary key and reads all of the conversation's.
        reading.Sql(
            """
            SELECT at, speaker, content, question, ruling_id
            FROM entries
            WHERE conversation_id = @conversation AND position IN (
                SELECT position
                FROM entries
                WHERE conversation_id = @conversation AND ruling = 1 AND position <= @begun)
              AND (position <= @covered OR question IS NOT NULL) AND left_out IS NULL
            ORDER BY position
            """)
            .With("@conversation", conversation.Value).With("@covered", covered).With("@begun", begun)
            .ListAsync(row => new Ruling(row.Time(), row.Text(), row.Text(), row.TextOrNull(), row.NumberOrNull()), cancellationToken);
}
