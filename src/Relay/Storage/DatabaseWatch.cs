using Relay.Running;

namespace Relay.Storage;

/// <summary>Looks whether the database is still there and can be written by this relay, also while there is nothing to write: what is wrong
/// with all of it is a fault to be shown and paged, and what waits goes on once it is gone.</summary>
internal sealed partial class DatabaseWatch(Database database, Faults faults, ILogger<DatabaseWatch> log) : ILoop
{
    private DatabaseFaultException? _told;

    public string Name => "reaching the database";

    public Topic? WakesOn => Topic.Database;

    public TimeSpan Poll => TimeSpan.FromSeconds(database.IsElsewhere ? 5 : 2);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        await database.LookAsync(writing => Migrator.TouchAsync(writing, cancellationToken), cancellationToken);
        if (database.Trouble is { } trouble)
        {
            var rescued = trouble.Kind == DatabaseFault.Lost ? await database.RescueAsync(cancellationToken) : null;
            Tell(trouble, rescued is null ? trouble.Message : $"{trouble.Message}; {rescued}");
            return 0;
        }
        if (_told is not null)
            LogMended();
        _told = null;
        faults.Clear(Faults.Database);
        if (database.IsElsewhere)
            await database.WriteAsync(_ => Task.CompletedTask, cancellationToken);
        else
            await database.TidyAsync(cancellationToken);
        return 0;
    }

    private void Tell(DatabaseFaultException trouble, string words)
    {
        var isNews = faults.Set(Faults.Database, words);
        if (isNews && _told != trouble)
            LogFault(words);
        _told = trouble;
    }

    [LoggerMessage(LogLevel.Error, "The database: {Fault}")]
    private partial void LogFault(string fault);

    [LoggerMessage(LogLevel.Information, "The database works again")]
    private partial void LogMended();
}
