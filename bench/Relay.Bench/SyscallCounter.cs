using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>Counts the calls of a running process into the kernel that cost: by perf's tracepoints, which hardly slow it down; where those
/// are not to be had, by strace, which does, so that counting has a run of its own.</summary>
internal sealed partial class SyscallCounter : IAsyncDisposable
{
    public const string Missing = "neither perf with tracepoints nor strace can be used here (apt-get install strace)";
    private static readonly string[] Counted = ["fsync", "fdatasync", "pwrite64", "write", "sched_yield"];
    private const int Interrupt = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-bench-");
    private Process? _tool;

    /// <summary>How often each was called while the work ran; null where neither tool can be used here.</summary>
    public static async Task<IReadOnlyDictionary<string, long>?> CountAsync(
        int process, Func<Task> work, CancellationToken cancellationToken)
    {
        await using var counter = new SyscallCounter();
        if (!await counter.AttachPerfAsync(process, cancellationToken) && !await counter.AttachStraceAsync(process, cancellationToken))
            return null;
        await work();
        return await counter.EndAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_tool is { HasExited: false })
        {
            _tool.Kill();
            await _tool.WaitForExitAsync(CancellationToken.None);
        }
        _tool?.Dispose();
        _folder.Delete(recursive: true);
    }

    private string CountsFile => Path.Combine(_folder.FullName, "counts");

    /// <summary>It counts from the moment it acknowledges to have been told to.</summary>
    private async Task<bool> AttachPerfAsync(int process, CancellationToken cancellationToken)
    {
        var (control, acknowledge) = (Path.Combine(_folder.FullName, "control"), Path.Combine(_folder.FullName, "acknowledge"));
        if (MakeFifo(control, 0x180) != 0 || MakeFifo(acknowledge, 0x180) != 0)
            throw new IOException($"mkfifo in {_folder}: error {Marshal.GetLastPInvokeError()}");
        using var saying = OpenFifo(control);
        using var hearing = OpenFifo(acknowledge);
        var events = string.Join(',', Counted.Select(name => "syscalls:sys_enter_" + name));
        var fifos = $"fifo:{control},{acknowledge}";
        if (!TryStart("perf", "stat", "-x,", "-e", events, "-p", $"{process}", "-D", "-1", "--control", fifos, "-o", CountsFile))
            return false;
        await saying.WriteAsync("enable\n"u8.ToArray(), cancellationToken);
        var acknowledged = hearing.ReadAsync(new byte[16], cancellationToken).AsTask();
        await Eventually.WithinAsync(Limit, () => acknowledged.IsCompleted || _tool!.HasExited, cancellationToken);
        if (acknowledged.IsCompleted)
            return true;
        await hearing.WriteAsync("\n"u8.ToArray(), cancellationToken); // It has refused and ended: the read ends too.
        await acknowledged;
        return false;
    }

    /// <summary>For reading and writing, so that it does not wait for the other end.</summary>
    private static FileStream OpenFifo(string path) => new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);

    private async Task<bool> AttachStraceAsync(int process, CancellationToken cancellationToken)
    {
        if (!TryStart("strace", "-c", "-f", "-e", "trace=" + string.Join(',', Counted), "-o", CountsFile, "-p", $"{process}"))
            return false;
        var attached = _tool!.StandardError.ReadLineAsync(cancellationToken).AsTask(); // "strace: Process 42 attached with 20 threads"
        return await attached.WaitAsync(Limit, cancellationToken) is { } line && line.Contains("attached", StringComparison.Ordinal);
    }

    private bool TryStart(string tool, params string[] arguments)
    {
        _tool?.Dispose();
        try
        {
            _tool = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardError = true, RedirectStandardOutput = true });
            return _tool is not null;
        }
        catch (Win32Exception)
        {
            _tool = null;
            return false; // It is not installed.
        }
    }

    private async Task<IReadOnlyDictionary<string, long>> EndAsync(CancellationToken cancellationToken)
    {
        Kill(_tool!.Id, Interrupt);
        await _tool.WaitForExitAsync(cancellationToken).WaitAsync(Limit, cancellationToken);
        var lines = await File.ReadAllLinesAsync(CountsFile, cancellationToken);
        return Counted.ToDictionary(name => name, name => lines.Select(line => CountIn(line, name)).FirstOrDefault(count => count > 0));
    }

    /// <summary>Of perf: "12,,syscalls:sys_enter_fsync,…". Of strace: the columns "% time, seconds, usecs/call, calls, errors, name",
    /// errors empty where there are none.</summary>
    private static long CountIn(string line, string name)
    {
        var perf = line.Split(',');
        if (perf.Length > 2 && perf[2] == "syscalls:sys_enter_" + name)
            return long.TryParse(perf[0], CultureInfo.InvariantCulture, out var counted) ? counted : 0;
        var strace = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return strace.Length >= 5 && strace[^1] == name ? long.Parse(strace[3], CultureInfo.InvariantCulture) : 0;
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MakeFifo(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
