using System.Globalization;
using Relay.Texts;

namespace Relay.Operator.Pages;

/// <summary>Pages about single messages come in bursts: the first goes out at once, and those of the next half minute as one. Each message
/// has its page on record all the same, so what is cleared meanwhile is not told.</summary>
internal sealed class HeldTogether(TimeProvider clock)
{
    public const int Most = 1_000;

    private const int MostNamed = 20, LongestReason = 90;
    private const string TitleStart = "Relay error: ";

    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(30);

    private long? _triedAt, _sentAt;

    /// <summary>How long those that wait are held back, once one was taken by the server.</summary>
    public TimeSpan Left => _sentAt is { } at && clock.GetElapsedTime(at) is var passed && passed < Burst ? Burst - passed : TimeSpan.Zero;

    /// <summary>What goes out now of those that are due, as one page: the first alone, or all.</summary>
    public IReadOnlyList<QueuedPage> Take(IReadOnlyList<QueuedPage> due)
    {
        if (due.Count == 0 || Left > TimeSpan.Zero)
            return [];
        var isFirst = _triedAt is not { } at || clock.GetElapsedTime(at) > 2 * Burst;
        _triedAt = clock.GetTimestamp();
        return isFirst ? [due[0]] : due;
    }

    public void Sent() => _sentAt = clock.GetTimestamp();

    /// <summary>One page for all of them.</summary>
    public static QueuedPage AsOne(IReadOnlyList<QueuedPage> pages)
    {
        if (pages is [var only])
            return only;
        var named = pages.Take(MostNamed).Select(page =>
            $"{page.Cause.Subject}: {Kind(page)}. {Excerpt.Of(page.Body.Split('\n')[0], LongestReason)}");
        var more = pages.Count > MostNamed
            ? string.Create(CultureInfo.InvariantCulture, $"\nand {pages.Count - MostNamed} more")
            : "";
        return pages[0] with
        {
            Cause = PageCause.Messages,
            Title = string.Create(CultureInfo.InvariantCulture, $"{TitleStart}{pages.Count} messages are held, each for itself"),
            Body = $"{string.Join('\n', named)}{more}\n\nrelay messages lists them; relay explain, relay retry and relay drop take the id.",
        };
    }

    private static string Kind(QueuedPage page) =>
        page.Title.StartsWith(TitleStart, StringComparison.Ordinal) ? page.Title[TitleStart.Length..] : page.Title;
}
