using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Web.Status;

/// <summary>Which sessions the status names: those of the configuration, then those whose messages are under way, then those heard of
/// last. The others that were heard of lately are counted; the rest of the sessions there ever were is not read.</summary>
internal sealed class SessionList(RelayConfig config)
{
    /// <summary>How many are named besides those of the configuration.</summary>
    private const int Most = 100;

    public async Task<(List<Session> Named, long Others)> ReadAsync(
        Reading reading, Backlog backlog, CancellationToken cancellationToken)
    {
        var since = reading.Now - SessionStore.Remembered;
        var under = backlog.Groups.Where(group => group.Speaker == Speaker.Session).ToList();
        var named = await FindAsync(reading, config.Sessions.Select(each => SessionId.Stored(each.SessionId)), cancellationToken);
        var configured = named.Select(session => session.Id).ToHashSet();
        var waiting = under
            .OrderBy(group => group.OldestAt)
            .Select(group => group.Session)
            .Distinct()
            .Where(session => !configured.Contains(session));
        named.AddRange(await FindAsync(reading, waiting.Take(Most), cancellationToken));
        var known = named.Select(session => session.Id).ToHashSet();
        var newest = await SessionStore.NewestAsync(reading, Most + known.Count, cancellationToken);
        named.AddRange(newest
            .Where(session => session.LastSeenAt >= since && !known.Contains(session.Id))
            .Take(Most + configured.Count - named.Count));
        var silent = await SilentAsync(reading, under, since, cancellationToken);
        var told = named.Count(session => session.LastSeenAt >= since || silent.Contains(session.Id));
        return (named, await SessionStore.CountHeardOfAsync(reading, since, cancellationToken) + silent.Count - told);
    }

    /// <summary>Those that were not heard of for long and still have a message under way.</summary>
    private static async Task<HashSet<SessionId>> SilentAsync(
        Reading reading, List<UnansweredGroup> under, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var old = under.Where(group => group.OldestAt < since).Select(group => group.Session).Distinct();
        return (await FindAsync(reading, old, cancellationToken))
            .Where(session => session.LastSeenAt < since)
            .Select(session => session.Id)
            .ToHashSet();
    }

    private static async Task<List<Session>> FindAsync(
        Reading reading, IEnumerable<SessionId> sessions, CancellationToken cancellationToken)
    {
        var found = new List<Session>();
        foreach (var session in sessions)
            if (await SessionStore.FindAsync(reading, session, cancellationToken) is { } known)
                found.Add(known);
        return found;
    }
}
