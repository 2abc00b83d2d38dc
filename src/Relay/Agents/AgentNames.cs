using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;
using Relay.Operator;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>Makes the name of an agent that was given none: the one it had before, else its folder's, with a number if that is not free.
/// A name is not free while an agent has it that is there, nor while anything is outstanding for it (a message without an answer, a
/// question, a reply that was not taken), except for the agent that had it last, or one that comes to the same folder after it.</summary>
internal static partial class AgentNames
{
    /// <summary>Leaves room for a number.</summary>
    public const int Longest = RoundBound.LongestFamily;

    /// <summary>Of a folder's name that no session may have.</summary>
    private const string Prefix = "session-";

    /// <summary>How long an agent without a SessionEnd event counts as being there.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(12);

    public static async Task<SessionId> OwnAsync(
        Writing writing, SessionDirectory directory, AgentSighting seen, Agent? known, CancellationToken cancellationToken)
    {
        var since = writing.Now - Kept;
        var before = known is not null && seen.Caller.MaySpeakAs(known.Session.Value) ? known.Session : (SessionId?)null;
        if (before is { } kept && known is { OwnsName: true, State: not AgentState.Ended }
            && (known.LastSeenAt > since || known.Client is not null))
            return kept;
        await Departures.EndGoneAsync(writing, cancellationToken);
        if (known is null && seen.Source == "fork" && await AgentStore.ForkedAsync(
                writing, seen.Folder, (seen.Caller as Caller.Connection)?.Name ?? "", cancellationToken) is { } parent)
        {
            await AgentStore.YieldNameAsync(writing, parent, cancellationToken);
            return parent.Session; // With all that waits for it. The other one ends.
        }
        await AgentStore.ReleaseNamesAsync(writing, since, cancellationToken);
        var taken = await AgentStore.TakenNamesAsync(writing, seen.Agent, since, cancellationToken);
        foreach (var there in await AgentStore.WithClientAsync(writing, cancellationToken))
            if (there.Id != seen.Agent)
                taken.Add(there.Session.Value);
        if (before is { } free && !taken.Contains(free.Value) && await MayHaveAsync(writing, free, seen, cancellationToken))
            return free;
        var name = seen.Caller is Caller.Connection { IsOfFolders: false } connection ? connection.Name : OfFolder(seen, directory);
        return await FreeAsync(writing, name, taken, seen, cancellationToken);
    }

    /// <summary>The name that the agent was given. While anything is outstanding for it, an agent of another project gets it with a
    /// number.</summary>
    public static async Task<SessionId> GivenAsync(
        Writing writing, SessionId name, AgentSighting seen, Agent? known, CancellationToken cancellationToken)
    {
        var stem = seen.Caller is Caller.Connection { IsOfFolders: false } connection
            ? connection.Name
            : name.Value[..Math.Min(name.Value.Length, Longest)];
        for (var number = 1; ; number++)
        {
            var candidate = number == 1 ? name : SessionId.Stored(FormattableString.Invariant($"{stem}-{number}"));
            if (seen.Caller.MaySpeakAs(candidate.Value)
                && (known?.Session == candidate || await MayBeGivenAsync(writing, candidate, seen, cancellationToken)))
                return candidate;
        }
    }

    /// <summary>Within a project a client moves about, so its folder may be one above or below.</summary>
    private static async Task<bool> MayBeGivenAsync(
        Writing writing, SessionId name, AgentSighting seen, CancellationToken cancellationToken) =>
        !await IsOutstandingAsync(writing, name, cancellationToken)
        || await AgentStore.NewestOfAsync(writing, name, cancellationToken) is not { } last
        || last.Id == seen.Agent
        || IsWithin(last.Folder, seen.Folder)
        || IsWithin(seen.Folder, last.Folder);

    private static bool IsWithin(string folder, string parent) =>
        (Path.TrimEndingDirectorySeparator(folder) + '/').StartsWith(
            parent.Length == 0 ? "" : Path.TrimEndingDirectorySeparator(parent) + '/', StringComparison.Ordinal);

    /// <summary>With a part of a hash where the caller may not have it, nor any that is numbered from it.</summary>
    private static string OfFolder(AgentSighting seen, SessionDirectory directory)
    {
        var name = OfFolder(seen.Folder, directory.OperatorsName);
        if (seen.Caller.MaySpeakAs(name))
            return name;
        return WithHash(name, seen.Folder);
    }

    /// <summary>Tells folders of one name apart. With a letter before the hash, for a name that ends with a number is numbered from
    /// another.</summary>
    public static string WithHash(string name, string folder)
    {
        var hash = "-f" + Hash(folder)[..4];
        return name[..Math.Min(name.Length, Longest - hash.Length)] + hash;
    }

    public static string Hash(string folder) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)));

    /// <summary>Made of the folder's name, and one that a session may have.</summary>
    public static string OfFolder(string folder, string operatorsName)
    {
        var name = NotInNames().Replace(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), "-").Trim('-');
        name = name.Length == 0 ? "claude" : name[..Math.Min(name.Length, Longest)];
        return ReservedNames.Contains(name) || ReservedNames.IsOperators(name, operatorsName)
            ? Prefix + name[..Math.Min(name.Length, Longest - Prefix.Length)]
            : name;
    }

    /// <summary>The first free name. But one that waits for its agent to come back to this folder comes first.</summary>
    private static async Task<SessionId> FreeAsync(
        Writing writing, string name, List<string> taken, AgentSighting seen, CancellationToken cancellationToken)
    {
        SessionId? free = null;
        for (var number = 1; ; number++)
        {
            var candidate = SessionId.Stored(number == 1 ? name : FormattableString.Invariant($"{name}-{number}"));
            if (!seen.Caller.MaySpeakAs(candidate.Value))
                continue;
            var isUsed = await SessionStore.FindAsync(writing, candidate, cancellationToken) is not null;
            if (!taken.Contains(candidate.Value) && await MayHaveAsync(writing, candidate, seen, cancellationToken))
            {
                if (isUsed && await IsOutstandingAsync(writing, candidate, cancellationToken))
                    return candidate;
                free ??= candidate;
            }
            if (!isUsed && free is { } first)
                return first;
        }
    }

    private static async Task<bool> MayHaveAsync(
        Writing writing, SessionId name, AgentSighting seen, CancellationToken cancellationToken)
    {
        if (!await IsOutstandingAsync(writing, name, cancellationToken))
            return true;
        var last = await AgentStore.NewestOfAsync(writing, name, cancellationToken);
        return last is not null && (last.Id == seen.Agent || (last.Folder == seen.Folder && seen.Folder.Length > 0));
    }

    private static async Task<bool> IsOutstandingAsync(Reading reading, SessionId name, CancellationToken cancellationToken) =>
        await MessageStore.HasUnansweredAsync(reading, name, cancellationToken)
        || await QuestionStore.HasOpenAsync(reading, name, cancellationToken)
        || await Outbox.HasUndeliveredAsync(reading, name, cancellationToken);

    [GeneratedRegex("[^A-Za-z0-9_-]+")]
    private static partial Regex NotInNames();
}
