using Relay.Configuration;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Selection;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>Reads the database of a home and changes nothing. It works while a daemon runs, and without one.</summary>
internal sealed class HomeReader : IAsyncDisposable
{
    private readonly Database _database;
    private readonly StatusReader _status;

    private HomeReader(Database database, SettingsSource settings)
    {
        _database = database;
        Budget = settings.Current.Config.Budget;
        _status = new StatusReader(database, settings, new Faults(new ChangeFeed()), new ClockSteps());
    }

    /// <exception cref="DatabaseFaultException">It is not what the home remembers, or of a newer program.</exception>
    /// <exception cref="CommandFailure">The database is of an older version of this program.</exception>
    public static async Task<HomeReader> OpenAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        var database = await DatabaseFactory.OpenReadOnlyAsync(settings.Current, TimeProvider.System, cancellationToken);
        var applied = await Migrator.AppliedAsync(database, cancellationToken);
        if (applied == Migrator.Newest)
        {
            var reader = new HomeReader(database, settings);
            await reader.CheckAsync(settings.Current, cancellationToken);
            return reader;
        }
        await database.DisposeAsync();
        if (applied > Migrator.Newest)
            throw Migrator.NewerThanThis(applied);
        throw new CommandFailure(
            ExitCode.Failed,
            $"the database is at migration {applied}, this program reads {Migrator.Newest}: relay run brings it up to date");
    }

    private async Task CheckAsync(Settings settings, CancellationToken cancellationToken)
    {
        try
        {
            await HomeMemory.CheckContentAsync(_database, settings, cancellationToken);
        }
        catch (DatabaseFaultException)
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>The caps in config.yaml.</summary>
    public BudgetConfig Budget { get; }

    public SqlDialect Dialect => _database.Dialect;

    public Task<T> ReadAsync<T>(Func<Reading, Task<T>> work, CancellationToken cancellationToken) =>
        _database.ReadAsync(work, cancellationToken);

    public Task<StatusReport> StatusAsync(CancellationToken cancellationToken) => _status.ReadAsync(running: false, cancellationToken);

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
