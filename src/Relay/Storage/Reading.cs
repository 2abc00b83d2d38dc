using System.Data.Common;
using Relay.Running;

namespace Relay.Storage;

/// <summary>One transaction that reads: everything in it sees the database as it was at one instant.</summary>
internal class Reading(ISqlConnection connection, DateTimeOffset now)
{
    /// <summary>The time of the transaction: all its rows carry the same.</summary>
    public DateTimeOffset Now { get; } = now;

    /// <summary>As every time is stored: Unix milliseconds.</summary>
    public long UnixNow => Now.ToUnixTimeMilliseconds();

    /// <summary>Disposing the command, or running it to its end by one of the methods in <see cref="Sql"/>, gives it back.</summary>
    public DbCommand Sql(string text) => connection.Command(text);
}

/// <summary>One transaction that writes. What it does may be run again, so it changes nothing but the database: what is to happen outside
/// (logs, wake-ups, what is kept in memory) is registered here and happens once, after the commit.</summary>
internal sealed class Writing(ISqlConnection connection, DateTimeOffset now) : Reading(connection, now)
{
    private readonly HashSet<(Topic Topic, string? About)> _topics = [];
    private readonly List<Action> _actions = [];
    private readonly List<GivenOut> _givenOut = [];

    /// <summary>What the listeners are told once this is committed.</summary>
    public IReadOnlyCollection<(Topic Topic, string? About)> Topics => _topics;

    public void Wake(Topic topic, string? about = null) => _topics.Add((topic, about));

    public void OnceCommitted(Action action) => _actions.Add(action);

    /// <summary>Numbers that only grow, and were given out here.</summary>
    public IReadOnlyList<GivenOut> GivenOut => _givenOut;

    public void Count(GivenOut number) => _givenOut.Add(number);

    /// <summary>The commit is on disk.</summary>
    public void Committed(ChangeFeed changes)
    {
        foreach (var action in _actions)
            action();
        foreach (var (topic, about) in _topics)
            changes.Publish(topic, about);
    }
}

/// <summary>The newest number of a conversation: of a message, or of an entry in the journal; 0 for the other.</summary>
internal readonly record struct GivenOut(string Conversation, long Message, long Entry);
