using Relay.Storage.Selection;
using Relay.Configuration;
using Relay.Running;
using Relay.Storage;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>What a home's database says, read beside a daemon or without one; nothing is changed.</summary>
internal sealed class Records : IAsyncDisposable
{
    private readonly Database _database;
    private readonly StatusReader _status;

    private Records(Database database, SettingsSource settings)
    {
        _database = database;
        _status = new StatusReader(database, settings, new Faults(new ChangeFeed()));
    }

    /// <exception cref="CommandFailure">The database is of another version of this program.</exception>
    public static async Task<Records> OpenAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        var database = await DatabaseFactory.OpenReadOnlyAsync(settings.Current, TimeProvider.System, cancellationToken);
        var applied = await Migrator.AppliedAsync(database, cancellationToken);
        if (applied == Migrator.Newest)
            return new Records(database, settings);
        await database.DisposeAsync();
        throw new CommandFailure(ExitCode.Failed, applied > Migrator.Newest
            ? $"the database is at migration {applied}, this program knows {Migrator.Newest}: use the newer program"
            : $"the database is at migration {applied}, this program reads {Migrator.Newest}: relay run brings it up to date");
    }

    public Task<T> ReadAsync<T>(Func<Reading, Task<T>> work, CancellationToken cancellationToken) => _database.ReadAsync(work, cancellationToken);

    public Task<StatusReport> StatusAsync(CancellationToken cancellationToken) => _status.ReadAsync(running: false, cancellationToken);

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
