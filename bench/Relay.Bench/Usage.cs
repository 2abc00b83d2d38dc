using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Relay.Bench;

/// <summary>What a process has used since its start, as the kernel counts it.</summary>
/// <param name="Ticks">Stopwatch's.</param>
/// <param name="ProcessorMilliseconds">Of all its threads, those that have ended too.</param>
/// <param name="Written">Bytes of pages made dirty (write_bytes): what goes to the disk, not what was passed to write. A tmpfs shows
/// 0.</param>
/// <param name="Read">Bytes passed to read (rchar), from the page cache or the disk.</param>
/// <param name="Reads">Calls of read.</param>
/// <param name="Switches">Context switches of its threads, voluntary or not; of those that have ended, nothing is known.</param>
/// <param name="Waits">The voluntary ones of these. The others are threads that spin and yield, or are pushed aside.</param>
internal sealed partial record Usage(
    long Ticks, double ProcessorMilliseconds, long Written, long Read, long Reads, long Switches, long Waits)
{
    private IReadOnlyDictionary<string, (long Voluntary, long Involuntary)> _threads = new Dictionary<string, (long, long)>();

    public double KibibytesWritten => Written / 1024.0;

    public double KibibytesRead => Read / 1024.0;

    public double Seconds => Stopwatch.GetElapsedTime(0, Ticks).TotalSeconds;

    public static Usage Of(int process)
    {
        var io = Numbers($"/proc/{process}/io");
        var threads = Directory.GetDirectories($"/proc/{process}/task").ToDictionary(thread => thread, SwitchesOf);
        return new Usage(
            Stopwatch.GetTimestamp(),
            ProcessorTimeOf(process),
            io["write_bytes"],
            io["rchar"],
            io["syscr"],
            threads.Values.Sum(thread => thread.Voluntary + thread.Involuntary),
            threads.Values.Sum(thread => thread.Voluntary))
        {
            _threads = threads,
        };
    }

    /// <summary>The switches are those of the threads that are still there.</summary>
    public Usage Since(Usage earlier)
    {
        var threads = _threads.Select(thread => (Now: thread.Value, Then: earlier._threads.GetValueOrDefault(thread.Key))).ToList();
        var waits = threads.Sum(thread => Math.Max(0, thread.Now.Voluntary - thread.Then.Voluntary));
        var pushed = threads.Sum(thread => Math.Max(0, thread.Now.Involuntary - thread.Then.Involuntary));
        return new(
            Ticks - earlier.Ticks,
            ProcessorMilliseconds - earlier.ProcessorMilliseconds,
            Written - earlier.Written,
            Read - earlier.Read,
            Reads - earlier.Reads,
            waits + pushed,
            waits);
    }

    public Usage And(Usage other) => new(
        Ticks + other.Ticks,
        ProcessorMilliseconds + other.ProcessorMilliseconds,
        Written + other.Written,
        Read + other.Read,
        Reads + other.Reads,
        Switches + other.Switches,
        Waits + other.Waits);

    /// <summary>By the process's own clock: /proc tells it in steps of 10 ms, which is all an idle relay should use in five
    /// seconds.</summary>
    private static double ProcessorTimeOf(int process)
    {
        const int perProcess = 2; // CPUCLOCK_SCHED of a whole process in the kernel's posix-timers.h, beside the id's complement.
        if (ReadClock((~process << 3) | perProcess, out var time) != 0)
            throw new IOException($"the clock of process {process} cannot be read: error {Marshal.GetLastPInvokeError()}");
        return time.Seconds * 1e3 + time.Nanoseconds / 1e6;
    }

    private static (long Voluntary, long Involuntary) SwitchesOf(string task)
    {
        try
        {
            var numbers = Numbers(Path.Combine(task, "status"));
            return (numbers["voluntary_ctxt_switches"], numbers["nonvoluntary_ctxt_switches"]);
        }
        catch (IOException)
        {
            return (0, 0); // The thread ended between the listing and the reading.
        }
    }

    /// <summary>The lines "name: number" of a file in /proc.</summary>
    private static Dictionary<string, long> Numbers(string file) => File.ReadLines(file)
        .Select(line => line.Split(':', 2))
        .Where(pair => long.TryParse(pair[^1], NumberStyles.Integer, CultureInfo.InvariantCulture, out _))
        .ToDictionary(pair => pair[0], pair => Parse(pair[1]));

    private static long Parse(string number) => long.Parse(number, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int ReadClock(int clock, out TimeSpec time);

    private readonly struct TimeSpec
    {
        public readonly long Seconds;
        public readonly long Nanoseconds;
    }
}
