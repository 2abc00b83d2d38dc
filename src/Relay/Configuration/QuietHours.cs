namespace Relay.Configuration;

/// <summary>When pages make no noise.</summary>
/// <param name="From">The time of day when they begin.</param>
/// <param name="To">When they end, on the next day if that is earlier.</param>
/// <param name="Zone">Of these times; null for the machine's.</param>
/// <param name="Urgent">Pages of this priority and above are as loud as always; null: none.</param>
internal sealed record QuietHours(TimeOnly From, TimeOnly To, TimeZoneInfo? Zone, int? Urgent)
{
    public bool Contains(DateTimeOffset at, TimeProvider clock)
    {
        var time = TimeOnly.FromTimeSpan(TimeZoneInfo.ConvertTime(at, Zone ?? clock.LocalTimeZone).TimeOfDay);
        return time.IsBetween(From, To);
    }

    /// <summary>Whether a page is silent now.</summary>
    public bool Silences(int priority, DateTimeOffset at, TimeProvider clock) => !(priority >= Urgent) && Contains(at, clock);
}
