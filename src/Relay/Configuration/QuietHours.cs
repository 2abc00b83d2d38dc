namespace Relay.Configuration;

/// <summary>When pages make no noise.</summary>
/// <param name="From">The time of day when they begin.</param>
/// <param name="To">When they end, on the next day if that is earlier.</param>
/// <param name="Zone">Of these times; null for the machine's.</param>
/// <param name="Urgent">Pages of this priority and above are as loud as always; null: none.</param>
internal sealed record QuietHours(TimeOnly From, TimeOnly To, TimeZoneInfo? Zone, int? Urgent)
{
    private static readonly TimeSpan ToAnswer = TimeSpan.FromMinutes(30);

    public bool Contains(DateTimeOffset at, TimeProvider clock)
    {
        var time = TimeOnly.FromTimeSpan(TimeZoneInfo.ConvertTime(at, Zone ?? clock.LocalTimeZone).TimeOfDay);
        return time.IsBetween(From, To);
    }

    /// <summary>Whether a page is silent now.</summary>
    /// <param name="priority">Its own.</param>
    /// <param name="at">Now.</param>
    /// <param name="clock">Of the machine.</param>
    /// <param name="deadline">By when what it asks wants an answer: when the quiet hours are over it must not be too late.</param>
    public bool Silences(int priority, DateTimeOffset at, TimeProvider clock, DateTimeOffset? deadline = null) =>
        !(priority >= Urgent) && Contains(at, clock) && !(deadline < EndsAt(at, clock) + ToAnswer);

    /// <summary>When those that a time is in are over.</summary>
    public DateTimeOffset EndsAt(DateTimeOffset at, TimeProvider clock)
    {
        var zone = Zone ?? clock.LocalTimeZone;
        var here = TimeZoneInfo.ConvertTime(at, zone);
        var end = here.Date + To.ToTimeSpan();
        if (end <= here.DateTime)
            end = end.AddDays(1);
        return new DateTimeOffset(end, zone.GetUtcOffset(end));
    }
}
