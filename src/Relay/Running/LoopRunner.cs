namespace Relay.Running;

/// <summary>Runs every loop: its waiting, its faults and its end. A loop that fails is shown as a fault and tried again, less and less
/// often; it stops neither the others nor the host.</summary>
internal sealed partial class LoopRunner(
    IEnumerable<ILoop> loops, ChangeFeed changes, Faults faults, TimeProvider clock, ILogger<LoopRunner> log)
    : BackgroundService
{
    /// <summary>A full disk is looked at every second; what goes on failing, less often.</summary>
    private static readonly Backoff AfterFault = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));

    private static readonly TimeSpan LeastAfterFault = TimeSpan.FromMilliseconds(100);

    private readonly List<ILoop> _loops = loops.ToList();

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_loops.Select(loop => loop.StopAsync(cancellationToken)));
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_loops.Select(loop => Task.Run(() => RunAsync(loop, stoppingToken), CancellationToken.None)));

    private async Task RunAsync(ILoop loop, CancellationToken stoppingToken)
    {
        var name = loop.Name;
        using var wakeUp = loop.WakesOn is { } topic ? changes.Subscribe(topic) : null;
        using var mended = changes.Subscribe(Topic.Database);
        for (var failures = 0; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                var handled = await loop.RunBatchAsync(stoppingToken);
                if (!loop.IsUncertain)
                {
                    failures = 0;
                    faults.Clear(name);
                }
                if (loop.Rest > TimeSpan.Zero)
                    await clock.PauseAsync(loop.Rest, stoppingToken);
                if (handled == 0)
                    await WaitAsync(wakeUp, loop.Poll, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) // Of any type: what a loop did not expect must not end the others.
            {
                if (faults.Set(name, FullDisk.Explain(exception)))
                    LogFailed(name, exception);
                await WaitAfterFaultAsync(wakeUp, mended, AfterFault.Delay(++failures), stoppingToken);
            }
        }
    }

    /// <summary>A fault of one thing must not delay the loop's other work, so what wakes it still does, though not at once.</summary>
    private async Task WaitAfterFaultAsync(Subscription? wakeUp, Subscription mended, TimeSpan limit, CancellationToken stoppingToken)
    {
        await clock.PauseAsync(LeastAfterFault, stoppingToken);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var waits = new[] { WaitAsync(wakeUp, limit, over.Token), WaitAsync(mended, limit, over.Token) };
        await Task.WhenAny(waits);
        await over.CancelAsync();
        await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private Task WaitAsync(Subscription? wakeUp, TimeSpan limit, CancellationToken stoppingToken) =>
        wakeUp is null
            ? clock.PauseAsync(limit, stoppingToken)
            : wakeUp.WaitAsync(limit, clock, stoppingToken);

    [LoggerMessage(LogLevel.Error, "Failed and tried again: {Loop}")]
    private partial void LogFailed(string loop, Exception exception);
}

internal static class Pause
{
    /// <summary>Ends early, and without an exception, when cancelled.</summary>
    public static async Task PauseAsync(this TimeProvider clock, TimeSpan limit, CancellationToken cancellationToken) =>
        await Task.Delay(limit, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
