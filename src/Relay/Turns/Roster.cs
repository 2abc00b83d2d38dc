using System.Globalization;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Turns;

internal sealed record Participant(SessionId Id, DateTimeOffset LastSeenAt, DateTimeOffset? EndedAt, bool IsWaiting);

/// <summary>Tells the advisor whom it serves at this moment.</summary>
internal static class Roster
{
    /// <summary>Those heard of last; the others are not told of.</summary>
    private const int Longest = 50;

    /// <summary>Null where no session of the conversation is reached through its hooks, or nobody is there but the one who
    /// speaks.</summary>
    public static async Task<string?> ReadAsync(Reading reading, Message asked, CancellationToken cancellationToken)
    {
        if (!await SessionStore.HasAgentAsync(reading, asked.Conversation, cancellationToken))
            return null;
        var participants = new List<Participant>();
        foreach (var session in await SessionStore.HeardOfAsync(reading, asked.Conversation, Longest, cancellationToken))
        {
            var isWaiting = await MessageStore.IsWaitingAsync(reading, session.Id, asked.Conversation, cancellationToken);
            participants.Add(new Participant(session.Id, session.LastSeenAt!.Value, session.EndedAt, isWaiting));
        }
        return Of(participants.OrderBy(each => each.Id.Value, StringComparer.Ordinal).ToList(), asked.Session, reading.Now);
    }

    /// <summary>Null when there is nobody but the one who speaks.</summary>
    public static string? Of(IReadOnlyList<Participant> participants, SessionId speaking, DateTimeOffset now)
    {
        if (!participants.Any(each => each.Id != speaking))
            return null;
        return $"{RelayMark.Text} Sessions of this conversation now: "
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
