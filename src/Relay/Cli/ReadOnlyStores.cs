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

/// <summary>What a home's database says, read beside a daemon or without one; nothing is changed.</summary>
internal sealed class Records : IDisposable
{
    private static int _absent;
    private readonly Database _database;
    private readonly ServiceProvider _stores;

    private Records(Database database, SettingsSource settings)
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

    /// <summary>A home without a database has records too: none.</summary>
    /// <exception cref="CommandFailure">The database is of another version of this program.</exception>
    public static async Task<Records> OpenAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        var path = settings.Current.Home.DatabaseFile;
        if (!File.Exists(path))
            return new Records(await EmptyAsync(cancellationToken), settings);
        var database = Database.OpenReadOnly(path);
        var applied = await Migrator.AppliedAsync(database, cancellationToken);
        if (applied == Migrator.Newest)
            return new Records(database, settings);
        database.Dispose();
        if (applied == 0) // Its daemon was killed before it had made a table.
            return new Records(await EmptyAsync(cancellationToken), settings);
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
        var database = Database.Open($"file:relay-nothing-{Interlocked.Increment(ref _absent)}?mode=memory&cache=shared");
        await Migrator.MigrateAsync(database, TimeProvider.System, cancellationToken);
        return database;
    }
}
