using Relay.Operator.Pages;

namespace Relay.Operator.Phone;

/// <summary>What is done when a question is not answered: (1) it is paged again, louder; (2) by the second ways; and, whatever was done,
/// (3) again with new buttons before the server forgets it. What the operator has put off begins again at its time.</summary>
internal abstract record Ladder
{
    /// <summary>So long the public server keeps a message.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(12);

    private Ladder() { }

    /// <summary>Nothing now, and nothing before so long.</summary>
    public sealed record Wait(TimeSpan For) : Ladder;

    /// <summary>Page it again.</summary>
    public sealed record Again(int Step, bool NewButtons) : Ladder;

    /// <summary>By the second ways.</summary>
    public sealed record SecondWays : Ladder;

    /// <param name="page">As it stands.</param>
    /// <param name="remindAfter">Null: only (3).</param>
    /// <param name="hasSecondWays">Whether there are any.</param>
    /// <param name="now">By the clock that the page's times are of; one that was set back does not stop the ladder.</param>
    public static Ladder Next(FollowedPage page, TimeSpan? remindAfter, bool hasSecondWays, DateTimeOffset now)
    {
        if (page.QuietUntil is { } until)
            return until > now ? new Wait(until - now) : new Again(Step: 0, NewButtons: true);
        // What is on its way already is not paged anew: with each time its way would begin anew, and no second way would ever be taken.
        var forgotten = page is { SentAt: { } sent, IsQueued: false } ? Kept - (now - sent).Duration() : Kept;
        if (forgotten <= TimeSpan.Zero) // (3)
            return new Again(Step: 0, NewButtons: true);
        var last = hasSecondWays ? 2 : 1;
        if (remindAfter is not { } patience || page.Step >= last)
            return new Wait(forgotten);
        var left = patience - (now - (page.SteppedAt ?? page.CreatedAt)).Duration();
        if (left > TimeSpan.Zero)
            return new Wait(left < forgotten ? left : forgotten);
        return page.Step == 0 ? new Again(Step: 1, NewButtons: false) : new SecondWays(); // (1), (2)
    }
}
