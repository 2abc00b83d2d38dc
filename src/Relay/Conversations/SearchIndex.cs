using Relay.Storage;
using Relay.Texts;

namespace Relay.Conversations;

/// <summary>Where words were found.</summary>
/// <param name="Row">By which the next ones are asked for.</param>
internal sealed record WordsFound(long Row, ConversationId Conversation, long Position);

/// <summary>Owns the index of the words of the journal. It runs behind the journal by a little, in its own commits: a turn does not pay for
/// it. The mark of each conversation, up to where its entries are in the index, grows in the commit that adds them, so that no entry is in
/// it twice or not at all.</summary>
internal static class SearchIndex
{
    /// <summary>In a row: what is looked for together has to stand in one.</summary>
    public const int WordsInRow = 8_000;

    private const int EntriesAtOnce = 100;
    private const long CharactersAtOnce = 500_000;

    /// <summary>Adds what is not in it yet, the next few entries of one conversation.</summary>
    /// <returns>How many; 0 when all are in it.</returns>
    public static async Task<long> GoOnAsync(Writing writing, SqlDialect dialect, CancellationToken cancellationToken)
    {
        if (await ConversationStore.NextToIndexAsync(writing, cancellationToken) is not { } next)
            return 0;
        var (position, characters) = (next.Indexed, 0L);
        while (position < next.Last && position < next.Indexed + EntriesAtOnce && characters < CharactersAtOnce)
        {
            foreach (var entry in await Journal.BetweenAsync(writing, next.Id, position, position + 1, cancellationToken))
            {
                await AddAsync(writing, dialect, next.Id, entry, cancellationToken);
                characters += entry.Content.Length;
            }
            position++;
        }
        await ConversationStore.SetIndexedAsync(writing, next.Id, position, cancellationToken);
        return position - next.Indexed;
    }

    private static async Task AddAsync(
        Writing writing, SqlDialect dialect, ConversationId conversation, Entry entry, CancellationToken cancellationToken)
    {
        foreach (var words in SearchWords.Of(entry.Content).Select(word => word.Folded).Chunk(WordsInRow))
            await writing.Sql(
                $"""
                INSERT INTO entry_words (words, conversation_id, position)
                VALUES ({dialect.IndexedWords}, @conversation, @position)
                """)
                .With("@words", string.Join(' ', words)).With("@conversation", conversation.Value).With("@position", entry.Position)
                .ExecuteAsync(cancellationToken);
    }

    /// <summary>The newest places first, a few more than are wanted where a long entry has several.</summary>
    /// <param name="reading">The transaction.</param>
    /// <param name="dialect">Of the database.</param>
    /// <param name="wanted">What is looked for.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task<List<WordsFound>> FindAsync(
        Reading reading, SqlDialect dialect, WordsWanted wanted, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT rowid, conversation_id, position
            FROM entry_words
            WHERE {dialect.HasWords} AND rowid < @before AND (@conversation = '' OR conversation_id = @conversation)
            ORDER BY rowid DESC
            LIMIT @most
            """)
            .With("@query", dialect == SqlDialect.Sqlite ? ForSqlite(wanted.Query) : ForPostgres(wanted.Query))
            .With("@before", wanted.Before).With("@conversation", wanted.Conversation?.Value ?? "").With("@most", wanted.Most)
            .ListAsync(row => new WordsFound(row.Number(), new ConversationId(row.Text()), row.Number()), cancellationToken);

    /// <summary>Words are letters and digits only, so nothing in them can be taken for a sign.</summary>
    private static string ForSqlite(SearchQuery query) => string.Join(
        " AND ", query.Terms.Select(term => $"\"{string.Join(' ', term.Words)}\"{(term.IsBeginning ? " *" : "")}"));

    private static string ForPostgres(SearchQuery query) => string.Join(
        " & ",
        query.Terms.Select(term =>
            $"({string.Join(" <-> ", term.Words.Select(word => $"'{word}'"))}{(term.IsBeginning ? ":*" : "")})"));
}

/// <summary>What is looked for, and where.</summary>
internal sealed record WordsWanted(SearchQuery Query)
{
    /// <summary>Null for all of them.</summary>
    public ConversationId? Conversation { get; init; }

    /// <summary>Only what was found before this row: the next part of the answer.</summary>
    public long Before { get; init; } = long.MaxValue;

    public int Most { get; init; } = 50;
}
