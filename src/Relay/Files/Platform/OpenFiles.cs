using System.Runtime.InteropServices;
using System.Text;

namespace Relay.Files.Platform;

/// <summary>How many files this process may have open. With too few, .NET cannot load its own parts and ends with an exception about some
/// of them. So this is asked first, and the answer is written without .NET's console, which needs files itself.</summary>
internal static partial class OpenFiles
{
    /// <summary>An idle relay has about 210 open, most of them parts of .NET, and at its first turn more than 256. Where no more may be
    /// open, .NET ends the process.</summary>
    public const ulong Needed = 512;

    private const int StandardError = 2; // unistd.h: STDERR_FILENO
    private static readonly int LimitOfFiles = OperatingSystem.IsMacOS() ? 8 : 7; // sys/resource.h: RLIMIT_NOFILE

    /// <summary>Says on standard error that they are too few. .NET has raised the limit as far as it may be raised.</summary>
    public static unsafe bool TellIfTooFew()
    {
        Span<ulong> limit = stackalloc ulong[2]; // struct rlimit: now, and at most.
        fixed (ulong* both = limit)
            if (GetLimit(LimitOfFiles, both) != 0 || limit[0] >= Needed)
                return false;
        var text = Encoding.ASCII.GetBytes(
            "relay cannot start: it may open only " + limit[0].ToString() + " files, and needs " + Needed.ToString()
            + ": raise ulimit -n (hard), or LimitNOFILE= of its service\n");
        fixed (byte* bytes = text)
            _ = Write(StandardError, bytes, (nuint)text.Length);
        return true;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static unsafe partial int GetLimit(int resource, ulong* limit);

    [LibraryImport("libc", EntryPoint = "write")]
    private static unsafe partial nint Write(int file, byte* bytes, nuint length);
}
