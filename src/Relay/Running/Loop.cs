using System.Collections.Concurrent;
using System.Data.Common;
using Relay.Storage;

namespace Relay.Running;

/// <summary>The one shape of every loop: do a batch, and when there was nothing to do wait for the signal or the poll interval.
/// A full disk or a locked database is survived and shown; anything unexpected stops the host.</summary>
internal abstract partial class Loop(ChangeSignal signal, Faults faults, TimeProvider clock, ILogger log) : BackgroundService
{
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);
    private readonly ILogger _log = log;

    protected TimeProvider Clock { get; } = clock;

    /// <summary>How long to wait when no signal comes.</summary>
    protected abstract TimeSpan PollInterval { get; }

    /// <summary>One pass; how much was done, 0 when there was nothing to do.</summary>
    public abstract Task<int> RunBatchAsync(CancellationToken cancellationToken);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var handled = await RunBatchAsync(stoppingToken);
                faults.Clear(GetType().Name);
                if (handled == 0)
                    await signal.WaitAsync(PollInterval, Clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is DbException or IOException or UnauthorizedAccessException)
            {
                if (faults.Set(GetType().Name, exception.Message))
                    LogFault(GetType().Name, exception);
                await Task.Delay(AfterFault, Clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "{Loop} failed and tries again every second")]
    private partial void LogFault(string loop, Exception exception);
}

/// <summary>What is broken right now, by the loop that met it: for the status and the health page.</summary>
internal sealed class Faults
{
    private readonly ConcurrentDictionary<string, string> _standing = new();

    public IReadOnlyCollection<string> Standing => _standing.Select(fault => $"{fault.Key}: {fault.Value}").Order(StringComparer.Ordinal).ToList();

    /// <summary>True when this is news.</summary>
    public bool Set(string source, string message)
    {
        var known = _standing.TryGetValue(source, out var before) && before == message;
        _standing[source] = message;
        return !known;
    }

    public void Clear(string source) => _standing.TryRemove(source, out _);
}
