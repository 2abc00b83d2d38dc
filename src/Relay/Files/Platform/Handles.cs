using System.Runtime.InteropServices;
using System.Text;

namespace Relay.Files.Platform;

/// <summary>How many files and connections this process may have open.</summary>
internal static partial class Handles
{
    /// <summary>An idle relay has about 210 open, most of them parts of .NET, and at its first turn more than 256. Where no more may be
    /// open, .NET ends the process.</summary>
    private const ulong Needed = 512;

    private const int MostOnMacOs = 10_240; // sys/syslimits.h: OPEN_MAX; more is refused though the hard limit says "unlimited".
    private const int StandardError = 2; // unistd.h: STDERR_FILENO

    private static readonly int OpenFiles = OperatingSystem.IsMacOS() ? 8 : 7; // sys/resource.h: RLIMIT_NOFILE

    /// <summary>With too few, .NET cannot load its own parts and ends with an exception about some of them. So this is asked first, and the
    /// answer is written to standard error without .NET's console, which needs files itself. .NET has raised the limit as far as it may be
    /// raised.</summary>
    public static bool TellIfTooFew()
    {
        if (Get(OpenFiles, out var limit) != 0 || limit.Soft >= Needed)
            return false;
        var text = Encoding.ASCII.GetBytes(
            "relay cannot start: it may open only " + limit.Soft.ToString() + " files, and needs " + Needed.ToString()
            + ": raise ulimit -n (hard), or LimitNOFILE= of its service\n");
        _ = Write(StandardError, text, (nuint)text.Length);
        return true;
    }

    /// <summary>Raises the soft limit to the hard one. Returns what holds then.</summary>
    public static int Raise()
    {
        if (Get(OpenFiles, out var limit) != 0)
            return 256;
        var wanted = OperatingSystem.IsMacOS() ? Math.Min(limit.Hard, MostOnMacOs) : limit.Hard;
        var raised = limit with { Soft = wanted };
        if (limit.Soft < wanted && Set(OpenFiles, in raised) == 0)
            limit = raised;
        return (int)Math.Min(limit.Soft, int.MaxValue);
    }

    /// <summary>struct rlimit.</summary>
    private record struct Limit(ulong Soft, ulong Hard);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int Set(int resource, in Limit limit);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int file, byte[] bytes, nuint length);
}
