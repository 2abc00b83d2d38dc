using System.Globalization;

namespace Relay.Web.Dashboard;

/// <summary>Times as the page tells them: relative under an hour, by the clock after that, in full beside it.</summary>
internal sealed class Moments(DateTimeOffset now, TimeZoneInfo zone)
{
    public static Moments Of(TimeProvider clock) => new(clock.GetUtcNow(), clock.LocalTimeZone);

    public MomentView Of(DateTimeOffset at) => new(Short(at), Full(at), at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));

    public string Clock(DateTimeOffset at)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        var isToday = local.Date == TimeZoneInfo.ConvertTime(now, zone).Date;
        return local.ToString(isToday ? "HH:mm" : "d MMM HH:mm", CultureInfo.InvariantCulture);
    }

    /// <summary>A time to come.</summary>
    public string Until(DateTimeOffset at)
    {
        var isTomorrow = TimeZoneInfo.ConvertTime(at, zone).Date == TimeZoneInfo.ConvertTime(now, zone).Date.AddDays(1);
        return isTomorrow ? TimeZoneInfo.ConvertTime(at, zone).ToString("'tomorrow' HH:mm", CultureInfo.InvariantCulture) : Clock(at);
    }

    /// <summary>How long since then.</summary>
    public string Ago(DateTimeOffset at) => Length(now - at);

    public static string Length(TimeSpan length) => length switch
    {
        { TotalSeconds: < 1 } => "0 s",
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)length.TotalSeconds} s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)length.TotalMinutes} min"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{(int)length.TotalHours} h {length.Minutes} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)length.TotalDays} days"),
    };

    private string Short(DateTimeOffset at) => (now - at) switch
    {
        { TotalMinutes: < 1 } => "now",
        { TotalHours: < 1 } and var length => Length(length),
        _ => Clock(at),
    };

    private string Full(DateTimeOffset at) =>
        TimeZoneInfo.ConvertTime(at, zone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);
}
