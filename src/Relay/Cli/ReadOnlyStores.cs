using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>The stores of a home, opened to be read only. It works while a daemon runs, and without one.</summary>
internal sealed class ReadOnlyStores : IDisposable
{
    private static int _emptyDatabases;
    private readonly Database _database;
    private readonly ServiceProvider _stores;

    private ReadOnlyStores(Database database, SettingsSource settings)
    {
        _database = database;
        _stores = new ServiceCollection()
            .AddSingleton(settings).AddSingleton(database).AddSingleton(TimeProvider.System).AddSingleton<Signals>().AddSingleton<Faults>()
            .AddSingleton(PriceTable.Load(settings.Current.Home.PricesFile))
            .AddSingleton<MessageStore>().AddSingleton<SessionStore>().AddSingleton<Journal>().AddSingleton<Ledger>()
            .AddSingleton<Outbox>().AddSingleton<QuestionStore>().AddSingleton<PageStore>().AddSingleton<StatusReader>()
            .BuildServiceProvider();
    }

    public MessageStore Messages => _stores.GetRequiredService<MessageStore>();

    public SessionStore Sessions => _stores.GetRequiredService<SessionStore>();

    public Journal Journal => _stores.GetRequiredService<Journal>();

    public Ledger Ledger => _stores.GetRequiredService<Ledger>();

    public Outbox Outbox => _stores.GetRequiredService<Outbox>();

    public QuestionStore Questions => _stores.GetRequiredService<QuestionStore>();

    public StatusReader Status => _stores.GetRequiredService<StatusReader>();

    /// <summary>For a home without a database the stores are empty.</summary>
    /// <exception cref="CommandFailure">The database belongs to another version of this program.</exception>
    public static async Task<ReadOnlyStores> OpenAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        var path = settings.Current.Home.DatabaseFile;
        if (!File.Exists(path))
            return new ReadOnlyStores(await EmptyAsync(cancellationToken), settings);
        var database = Database.OpenReadOnly(path);
        var applied = await Migrator.AppliedAsync(database, cancellationToken);
        if (applied == Migrator.Newest)
            return new ReadOnlyStores(database, settings);
        database.Dispose();
        if (applied == 0) // The daemon was killed before it created the first table.
            return new ReadOnlyStores(await EmptyAsync(cancellationToken), settings);
        throw new CommandFailure(ExitCode.Failed, applied > Migrator.Newest
            ? $"the database is at migration {applied}, this program knows {Migrator.Newest}: use the newer program"
            : $"the database is at migration {applied}, this program reads {Migrator.Newest}: relay run brings it up to date");
    }

    public void Dispose()
    {
        _stores.Dispose();
        _database.Dispose();
    }

    private static async Task<Database> EmptyAsync(CancellationToken cancellationToken)
    {
        var database = Database.Open($"file:relay-empty-{Interlocked.Increment(ref _emptyDatabases)}?mode=memory&cache=shared");
        await Migrator.MigrateAsync(database, TimeProvider.System, cancellationToken);
        return database;
    }
}
