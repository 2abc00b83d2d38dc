using System.Threading.Channels;

namespace Relay.Running;

/// <summary>Wakes one loop early. Only a hint: the tables are the queues, and the loop's poll finds what a lost signal missed.</summary>
internal sealed class ChangeSignal
{
    private readonly Channel<bool> _wakeUps =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Set() => _wakeUps.Writer.TryWrite(true);

    /// <summary>Returns at a signal, set before or during the wait, or after <paramref name="limit"/>.</summary>
    public async Task WaitAsync(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await _wakeUps.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The limit has passed: time to poll.
        }
    }
}

/// <summary>The signals of the running relay, one for each loop.</summary>
internal sealed class Signals
{
    public ChangeSignal Queue { get; } = new();
    public ChangeSignal Work { get; } = new();
    public ChangeSignal Dispatch { get; } = new();
    public ChangeSignal Pages { get; } = new();
    public ChangeSignal Status { get; } = new();
    public ChangeSignal Wake { get; } = new();
}
