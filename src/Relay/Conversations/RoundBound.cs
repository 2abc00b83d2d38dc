using Relay.Storage;

namespace Relay.Conversations;

/// <summary>The harder of the two bounds of relay mode: so many calls in a day, of all sessions of a name, until the operator speaks.
/// Whatever way a message of theirs comes, by a stop, a tool call, an envelope or the command line, it counts, for all lead to a call.
/// </summary>
internal static class RoundBound
{
    /// <summary>Of a family's name: leaves room for a number.</summary>
    public const int LongestFamily = 56;

    private const int Factor = 4;

    /// <summary>The session's name without the number that tells it from others of the same name. A session of the configuration is no
    /// other's.</summary>
    public static string FamilyOf(SessionDirectory directory, SessionId session)
    {
        var name = session.Value;
        while (!directory.IsListed(SessionId.Stored(name)) && Numbered(name) is { } stem)
            name = stem;
        return name[..Math.Min(name.Length, LongestFamily)];
    }

    public static string? Refusal(SessionDirectory directory, RoundCount count) => count.OfFamily < Factor * (long)directory.MaxRounds
        ? null
        : $"{count.OfFamily} rounds with the advisor in a day without a word of the operator; "
            + "it goes on after one, or when the day is over";

    /// <summary>What a message that is no round counts as: null where its session is not in relay mode, which rounds of its family show.
    /// </summary>
    public static async Task<NewRound?> OfMessageAsync(
        Reading reading, SessionDirectory directory, SessionId session, ConversationId conversation, CancellationToken cancellationToken)
    {
        var family = FamilyOf(directory, session);
        return await RoundStore.AnyAsync(reading, conversation, family, cancellationToken)
            ? new NewRound(session, conversation, family, RoundWay.Ask)
            : null;
    }

    public static async Task<string?> RefusalAsync(
        Writing writing, SessionDirectory directory, NewRound round, CancellationToken cancellationToken) =>
        Refusal(directory, await RoundStore.CountAsync(writing, round.Session, round.Conversation, round.Family, cancellationToken));

    private static string? Numbered(string name)
    {
        var stem = name.TrimEnd("0123456789".ToCharArray());
        return stem.Length < name.Length && stem.Length > 1 && stem[^1] == '-' ? stem[..^1] : null;
    }
}
