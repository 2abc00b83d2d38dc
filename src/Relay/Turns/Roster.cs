using System.Globalization;
using Relay.Conversations;

namespace Relay.Turns;

/// <summary>Tells the advisor whom it serves at this moment.</summary>
internal static class Roster
{
    /// <summary>Null when there is nobody but the one who speaks.</summary>
    public static string? Of(IReadOnlyList<Participant> participants, SessionId speaking, DateTimeOffset now)
    {
        if (!participants.Any(each => each.Id != speaking))
            return null;
        return "[relay] Sessions of this conversation now: "
            + string.Join("; ", participants.Select(each => Describe(each, speaking, now)))
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
