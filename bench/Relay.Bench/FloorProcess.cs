using System.Diagnostics;

namespace Relay.Bench;

/// <summary>The floor as a child process: this program again, by a hidden argument.</summary>
internal sealed class FloorProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Process _process;

    private FloorProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Ready to take envelopes when this returns.</summary>
    public static async Task<FloorProcess> StartAsync(Bed bed, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [FloorProgram.Name, bed.Home.Paths.Root, bed.Api.Address.ToString()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var process = Process.Start(start)!;
        await process.StandardOutput.ReadLineAsync(cancellationToken).AsTask().WaitAsync(Limit, cancellationToken);
        return new FloorProcess(process);
    }

    /// <summary>Says that envelopes lie there; it looks by itself as long as it finds some.</summary>
    public void Wake() => _process.StandardInput.WriteLine();

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Limit);
        _process.Dispose();
    }
}
