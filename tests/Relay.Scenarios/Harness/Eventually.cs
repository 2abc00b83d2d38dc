using System.Diagnostics;

namespace Relay.Scenarios.Harness;

/// <summary>Waits until a condition is true that another process will fulfil, but never longer than the limit.
/// No other place in the scenarios waits for time to pass.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    /// <summary>False when the limit passed first. After that it is looked once more, for we may have stood still ourselves.</summary>
    public static async Task<bool> WithinAsync(TimeSpan limit, Func<bool> condition, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var isLast = Stopwatch.GetElapsedTime(started) >= limit;
            if (condition())
                return true;
            if (isLast)
                return false;
            await Task.Delay(Step, TimeProvider.System, cancellationToken);
        }
    }

    /// <exception cref="TimeoutException">The limit passed first. <paramref name="missing"/> makes the message.</exception>
    public static async Task ThatAsync(TimeSpan limit, Func<bool> condition, Func<string> missing, CancellationToken cancellationToken)
    {
        if (!await WithinAsync(limit, condition, cancellationToken))
            throw new TimeoutException($"after {limit.TotalSeconds:0} s: {missing()}");
    }
}
