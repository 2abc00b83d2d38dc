using System.Globalization;

namespace Relay.Bench;

/// <summary>How much of the machine others took while something was measured. On two shared cores a figure means little without it, and a
/// ratio to the floor not much more: what runs on one thread loses more to them than what runs on many.</summary>
internal sealed class Bystanders
{
    private readonly (double Busy, double Mine, double All) _start = Read();

    /// <summary>The share of all cores, in per cent.</summary>
    public double Percent()
    {
        var now = Read();
        return Math.Max(0, now.Busy - _start.Busy - (now.Mine - _start.Mine)) / (now.All - _start.All) * 100;
    }

    /// <summary>In ticks. Mine are this process's and its children's that have ended, which those of a finished measure all have.</summary>
    private static (double Busy, double Mine, double All) Read()
    {
        var all = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var cores = all[1..9].Select(Number).ToList(); // user nice system idle iowait irq softirq steal
        var stat = File.ReadAllText("/proc/self/stat");
        var mine = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[11..15].Select(Number).Sum(); // utime stime cutime cstime
        return (cores.Sum() - cores[3] - cores[4], mine, cores.Sum());
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
