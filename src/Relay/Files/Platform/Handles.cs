using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>How many files and connections this process may have open.</summary>
internal static partial class Handles
{
    private const int MostOnMacOs = 10_240; // sys/syslimits.h: OPEN_MAX; more is refused though the hard limit says "unlimited".

    private static readonly int OpenFiles = OperatingSystem.IsMacOS() ? 8 : 7; // sys/resource.h: RLIMIT_NOFILE

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
}
