using System.Diagnostics;

namespace Relay.Bench;

/// <summary>Durations between Stopwatch ticks.</summary>
internal sealed class Samples
{
    private readonly List<double> _milliseconds = [];

    public double Median => Percentile(50);

    public double Percentile95 => Percentile(95);

    public void Add(long fromTicks, long toTicks) => _milliseconds.Add(Stopwatch.GetElapsedTime(fromTicks, toTicks).TotalMilliseconds);

    private double Percentile(int percent)
    {
        var sorted = _milliseconds.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, sorted.Count * percent / 100)];
    }
}
