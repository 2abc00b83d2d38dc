using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>How much the operator is needed, and how often what he said before did instead.</summary>
/// <param name="Since">From when on it is counted.</param>
/// <param name="Answered">Questions that were answered since then, by the operator or by their default; no permissions.</param>
/// <param name="ByDefault">Of those, the ones whose default was taken.</param>
/// <param name="BlockedMinutes">From asked to answered, over all of them.</param>
/// <param name="LongestMinutes">The longest of those times.</param>
/// <param name="Settled">Messages of sessions whose reply cites a ruling in force.</param>
/// <param name="Overturned">Of those, the ones the operator overturned.</param>
internal sealed record RulingFigures(
    DateTimeOffset Since, long Answered, long ByDefault, double BlockedMinutes, double LongestMinutes, long Settled, long Overturned)
{
    public static readonly TimeSpan Span = TimeSpan.FromDays(30);

    /// <summary>Null where none was answered.</summary>
    public double? MinutesPerQuestion => Answered == 0 ? null : BlockedMinutes / Answered;

    /// <summary>Of all that was decided: settled ÷ (settled + answered). Null where nothing was.</summary>
    public double? SettledShare => Settled + Answered == 0 ? null : (double)Settled / (Settled + Answered);

    /// <summary>Null where none was settled.</summary>
    public double? OverturnedShare => Settled == 0 ? null : (double)Overturned / Settled;

    public static async Task<RulingFigures> ReadAsync(Reading reading, CancellationToken cancellationToken)
    {
        var since = reading.Now - Span;
        var answered = await QuestionStore.AnsweredSinceAsync(reading, since, cancellationToken);
        var (settled, overturned) = await RulingUses.CountSinceAsync(reading, since, cancellationToken);
        return new RulingFigures(
            since, answered.Count, answered.ByDefault, answered.Blocked.TotalMinutes, answered.Longest.TotalMinutes, settled, overturned);
    }
}
