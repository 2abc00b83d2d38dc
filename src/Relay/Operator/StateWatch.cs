using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Looks every minute whether something waits for nothing, which would be a fault of this program, and says so.</summary>
internal sealed partial class StateWatch(Database database, Faults faults, ILogger<StateWatch> log) : ILoop
{
    public const string Source = "the state of the messages";

    private static readonly PageCause Cause = PageCause.Hold(HoldCause.Fault);

    private bool _isPaged = true; // Perhaps, by the relay that ran before.

    public string Name => "checking the messages";

    public Topic? WakesOn => null;

    public TimeSpan Poll => TimeSpan.FromMinutes(1);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync(reading => StateCheck.ReadAsync(reading, cancellationToken), cancellationToken);
        if (found.Count == 0)
        {
            faults.Clear(Source);
            if (_isPaged)
                await database.WriteAsync(writing => PageStore.ClearAsync(writing, Cause, cancellationToken), cancellationToken);
            _isPaged = false;
            return 0;
        }
        var reason = string.Join("; ", found.Take(5));
        _isPaged = true;
        if (!faults.Set(Source, reason))
            return 0;
        LogStranded(found.Count, reason);
        var page = new NewPage(
            Cause, "Relay error: a fault of the program",
            $"{found.Count} waiting for nothing, which should not be: {reason}\n\nrelay doctor shows all; relay retry or relay drop "
            + "brings each on its way.", Priority: 4, "rotating_light");
        await database.WriteAsync(writing => PageStore.QueueAsync(writing, page, cancellationToken), cancellationToken);
        return found.Count;
    }

    [LoggerMessage(LogLevel.Error, "A fault of the program: {Count} waiting for nothing: {Reason}")]
    private partial void LogStranded(int count, string reason);
}
