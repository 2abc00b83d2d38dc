using System.Data.Common;
using Relay.Running;
using Relay.Storage;

namespace Relay.Web.Status;

/// <summary>A start that cannot have its database now waits for it, for as long as it takes:
/// status.json and the log tell what for.</summary>
internal sealed partial class DatabaseWait(Database database, StatusMirror mirror, Faults faults, ILogger<DatabaseWait> log)
{
    private const string Source = "database";
    private static readonly Backoff BetweenAttempts = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(2));

    /// <summary>Runs the work until the database lets it.</summary>
    /// <exception cref="DbException">The database is a file: that mends itself as little as a wrong setting.</exception>
    public async Task RunAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await work().WaitAsync(cancellationToken); // A stop does not wait for a server that keeps silent.
                faults.Clear(Source);
                return;
            }
            catch (DbException exception)
                when (database.IsElsewhere && exception is not DatabaseFaultException { IsOfConfiguration: true })
            {
                if (faults.Set(Source, Database.Explain(exception)))
                    LogWaiting(Database.Explain(exception));
            }
            await mirror.RunBatchAsync(cancellationToken).WaitAsync(cancellationToken);
            await database.Clock.PauseAsync(BetweenAttempts.Delay(attempt), cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    [LoggerMessage(LogLevel.Error, "Waiting for the database, and trying again: {Reason}")]
    private partial void LogWaiting(string reason);
}
