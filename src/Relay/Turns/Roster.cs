using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Turns;

internal sealed record Participant(SessionId Id, DateTimeOffset LastSeenAt, DateTimeOffset? EndedAt, bool IsWaiting);

/// <summary>Tells the advisor whom it serves at this moment.</summary>
internal static class Roster
{
    /// <summary>The others are counted.</summary>
    private const int Longest = 20;

    /// <summary>How many of the messages that wait are looked at for who waits.</summary>
    private const int Looked = 200;

    /// <summary>Null where no session of the conversation is reached through its hooks, or nobody is there but the one who
    /// speaks.</summary>
    /// <param name="reading">At this moment.</param>
    /// <param name="asked">The message that is asked.</param>
    /// <param name="operatorsName">A session that bore it before it was the operator's is not named.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<string?> ReadAsync(
        Reading reading, Message asked, string operatorsName, CancellationToken cancellationToken)
    {
        if (!await SessionStore.HasAgentAsync(reading, asked.Conversation, cancellationToken))
            return null;
        var since = reading.Now - SessionStore.Remembered;
        var named = (await NearestAsync(reading, asked, since, cancellationToken))
            .Where(each => !ReservedNames.IsOperators(each.Id.Value, operatorsName))
            .OrderBy(each => each.Id != asked.Session)
            .ThenBy(each => !each.IsWaiting)
            .ThenByDescending(each => each.LastSeenAt)
            .Take(Longest)
            .OrderBy(each => !each.IsWaiting || each.Id == asked.Session)
            .ThenBy(each => each.Id.Value, StringComparer.Ordinal)
            .ToList();
        var all = await SessionStore.CountHeardOfAsync(reading, asked.Conversation, since, cancellationToken);
        return Of(named, asked.Session, reading.Now, all - named.Count(each => each.LastSeenAt >= since));
    }

    /// <summary>Those who wait, and those heard of last.</summary>
    private static async Task<List<Participant>> NearestAsync(
        Reading reading, Message asked, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var recent = await SessionStore.HeardOfAsync(reading, asked.Conversation, Longest + 1, cancellationToken);
        var near = recent.FindAll(session => session.LastSeenAt >= since);
        foreach (var next in await MessageStore.NextSessionsAsync(reading, asked.Conversation, Looked, cancellationToken))
            if (!near.Exists(session => session.Id == next)
                && await SessionStore.FindAsync(reading, next, cancellationToken) is { LastSeenAt: not null } waiting
                && waiting.Conversation == asked.Conversation)
                near.Add(waiting);
        var participants = new List<Participant>();
        foreach (var session in near)
        {
            var isWaiting = await MessageStore.IsWaitingAsync(reading, session.Id, asked.Conversation, cancellationToken);
            participants.Add(new Participant(session.Id, session.LastSeenAt!.Value, session.EndedAt, isWaiting));
        }
        return participants;
    }

    /// <summary>Null when there is nobody but the one who speaks.</summary>
    /// <param name="participants">In the order in which they are named.</param>
    /// <param name="speaking">Whose message is asked.</param>
    /// <param name="now">The time.</param>
    /// <param name="others">How many more there are.</param>
    public static string? Of(IReadOnlyList<Participant> participants, SessionId speaking, DateTimeOffset now, long others = 0)
    {
        if (!participants.Any(each => each.Id != speaking))
            return null;
        return $"{RelayMark.Text} Sessions of this conversation now: "
            + string.Join("; ", participants.Select(each => Describe(each, speaking, now)))
            + (others > 0 ? string.Create(CultureInfo.InvariantCulture, $"; and {others:N0} more") : "")
            + ". A line \"@NAME:\" in your reply starts a part for that session.";
    }

    private static string Describe(Participant participant, SessionId speaking, DateTimeOffset now)
    {
        if (participant.Id == speaking)
            return $"{participant.Id} (speaks)";
        var state = participant switch
        {
            { EndedAt: { } ended } => $"ended {Ago(now - ended)}",
            { IsWaiting: true } => $"waits for a reply, seen {Ago(now - participant.LastSeenAt)}",
            _ => $"seen {Ago(now - participant.LastSeenAt)}",
        };
        return $"{participant.Id} ({state})";
    }

    private static string Ago(TimeSpan age) => age switch
    {
        { TotalMinutes: < 1 } => "just now",
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes} min ago"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours} h ago"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays} days ago"),
    };
}
