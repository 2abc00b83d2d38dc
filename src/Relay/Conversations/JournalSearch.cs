using System.Data.Common;
using Relay.Running;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>An entry of the journal in which it was found.</summary>
internal sealed record EntryFound(ConversationId Conversation, Entry Entry, MessageId? Message);

/// <summary>What was found, the newest first.</summary>
/// <param name="Next">By which more of it is asked for; null where this is all.</param>
/// <param name="NotSearched">Entries whose words are not in the index yet.</param>
internal sealed record SearchAnswer(IReadOnlyList<EntryFound> Found, long? Next, long NotSearched)
{
    /// <summary>There is no more to be found.</summary>
    public bool IsAll => Next is null && NotSearched == 0;
}

/// <summary>Finds words in the journals, in what later calls leave out as well.</summary>
internal static class JournalSearch
{
    public static async Task<SearchAnswer> FindAsync(
        Reading reading, SqlDialect dialect, WordsWanted wanted, CancellationToken cancellationToken)
    {
        var rows = await SearchIndex.FindAsync(reading, dialect, wanted, cancellationToken);
        var found = new List<EntryFound>();
        foreach (var (conversation, position) in rows.Select(row => (row.Conversation, row.Position)).Distinct())
            foreach (var (entry, message) in await Journal.ToldBetweenAsync(
                reading, conversation, position - 1, position, cancellationToken))
                found.Add(new EntryFound(conversation, entry, message));
        return new SearchAnswer(
            found, rows.Count < wanted.Most ? null : rows[^1].Row, await ConversationStore.NotIndexedAsync(reading, cancellationToken));
    }
}

/// <summary>Keeps the index of the words close behind the journal.</summary>
internal sealed class Indexing(Database database, ChangeFeed changes) : ILoop
{
    /// <summary>For how long somebody who searches waits for it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private long _version = -1;

    public string Name => "indexing what was said";

    public Topic? WakesOn => null;

    /// <summary>What came in between costs one commit together.</summary>
    public TimeSpan Poll => TimeSpan.FromSeconds(15);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var version = changes.Version;
        if (version == _version || database.Trouble is not null)
            return 0;
        if (await database.ReadAsync(reading => ConversationStore.NotIndexedAsync(reading, cancellationToken), cancellationToken) == 0)
        {
            _version = version;
            return 0;
        }
        return (int)await database.WriteAsync(
            writing => SearchIndex.GoOnAsync(writing, database.Dialect, cancellationToken), cancellationToken);
    }

    /// <summary>Before a search: what was just said is to be found. Where that takes too long or cannot be done, the answer says how much
    /// is missing.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var started = database.Clock.GetTimestamp(); database.Clock.GetElapsedTime(started) < Patience;)
                if (await RunBatchAsync(cancellationToken) == 0)
                    return;
        }
        catch (DbException)
        {
            // As on a full disk: what is in the index can be searched all the same.
        }
    }
}
