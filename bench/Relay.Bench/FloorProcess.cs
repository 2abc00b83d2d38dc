using System.Diagnostics;

namespace Relay.Bench;

/// <summary>The floor as a child process: this program again, by a hidden argument.</summary>
internal sealed class FloorProcess : IAsyncDisposable
{
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(20);
    private readonly Process _process;

    private FloorProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public static FloorProcess Start(Bed bed)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [FloorProgram.Name, bed.Home.Paths.Root, bed.Api.Address.ToString()]) { RedirectStandardInput = true };
        return new FloorProcess(Process.Start(start)!);
    }

    /// <summary>Says that envelopes lie there; it looks by itself as long as it finds some.</summary>
    public void Wake() => _process.StandardInput.WriteLine();

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(ExitLimit);
        _process.Dispose();
    }
}
