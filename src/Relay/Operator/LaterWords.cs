using System.Globalization;
using System.Text.RegularExpressions;
using Relay.Configuration;

namespace Relay.Operator;

/// <summary>Words that answer nothing and stop the ladder for a time: "seen", "later", "later 2h", "later until 18:00", with "#7"
/// before them where several questions are open.</summary>
internal sealed partial record LaterWords(long? Question, TimeSpan? For, TimeOnly? Until, bool IsSeen)
{
    private static readonly TimeSpan UsualTime = TimeSpan.FromHours(1), Longest = TimeSpan.FromDays(30);

    public static readonly LaterWords Usual = new(Question: null, UsualTime, Until: null, IsSeen: false);

    /// <summary>Null when the text says something else.</summary>
    public static LaterWords? Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
            return null;
        var question = match.Groups["number"] is { Success: true } number
            ? long.Parse(number.ValueSpan, CultureInfo.InvariantCulture)
            : (long?)null;
        if (match.Groups["seen"].Success)
            return new LaterWords(question, For: null, Until: null, IsSeen: true);
        if (match.Groups["until"] is { Success: true } until)
            return TimeOnly.TryParseExact(until.ValueSpan, "H:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
                ? new LaterWords(question, For: null, time, IsSeen: false)
                : null;
        var duration = match.Groups["for"] is { Success: true } length ? Duration.Parse(length.Value) : UsualTime;
        return duration is { } wanted && wanted > TimeSpan.Zero && wanted <= Longest
            ? new LaterWords(question, wanted, Until: null, IsSeen: false)
            : null;
    }

    /// <summary>Whether they would put a question off, were their time one.</summary>
    public static bool AreMeant(string text) => Meant().IsMatch(text);

    /// <summary>A time of day is the next one in the zone of the relay's machine.</summary>
    public DateTimeOffset At(TimeProvider clock)
    {
        if (Until is not { } time)
            return clock.GetUtcNow() + (For ?? UsualTime);
        var here = clock.GetLocalNow();
        var day = time > TimeOnly.FromTimeSpan(here.TimeOfDay) ? here.Date : here.Date.AddDays(1);
        var at = day + time.ToTimeSpan();
        return new DateTimeOffset(at, clock.LocalTimeZone.GetUtcOffset(at));
    }

    [GeneratedRegex(
        @"\A\s*(?:#(?<number>[0-9]{1,18})\s+)?"
        + @"(?:(?<seen>seen)|later(?:\s+until\s+(?<until>[0-9]{1,2}:[0-9]{2})|\s+(?<for>[0-9dhms]{2,12}))?)[.!]?\s*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    [GeneratedRegex(
        @"\A\s*later,?(?=[^0-9]*[0-9]|\s+(?:until|till|for|in)[.!]?\s*\z)"
        + @"(?>(?:\s+(?:until|till|for|in)|\s*[-+]?[0-9]+(?:[:.,][0-9]+)*"
        + @"|\s*(?:d|h|m|s|w|am|pm|days?|weeks?|hours?|hrs?|min(?:ute)?s?|sec(?:ond)?s?)\b)*)"
        + @"[.!]?\s*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Meant();
}
