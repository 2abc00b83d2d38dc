using Relay.Running;

namespace Relay.Storage;

/// <summary>Looks whether a database that lives elsewhere can still be written by this relay, also while there is nothing to write:
/// its loss is a fault to be shown, and what waits goes on once it is back.</summary>
internal sealed class DatabaseWatch(Database database) : ILoop
{
    public string Name => "reaching the database";

    public Topic? WakesOn => Topic.Database;

    public TimeSpan Poll => database.IsElsewhere ? TimeSpan.FromSeconds(5) : TimeSpan.FromHours(1);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        if (database.IsElsewhere)
            await database.WriteAsync(_ => Task.CompletedTask, cancellationToken);
        return 0;
    }
}
