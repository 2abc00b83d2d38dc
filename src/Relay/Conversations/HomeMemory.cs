using System.Globalization;
using Relay.Configuration;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Selection;

namespace Relay.Conversations;

/// <summary>Keeps what the home remembers of its database, and holds the database against it at the start. So that none takes the place of
/// another in silence.</summary>
internal sealed partial class HomeMemory(
    Database database, SettingsSource settings, ChangeFeed changes, ILogger<HomeMemory> log) : ILoop
{
    /// <summary>After a stop in order there is little to find, and the start must not wait for it.</summary>
    private static readonly TimeSpan AfterStop = TimeSpan.FromSeconds(0.25), AfterCrash = TimeSpan.FromSeconds(20);

    private long _version = -1;
    private KnownDatabase? _written;

    public string Name => "remembering the database";

    public Topic? WakesOn => null;

    public TimeSpan Poll => TimeSpan.FromSeconds(2);

    private RelayHome Home => settings.Current.Home;

    private StoreKind Kind => settings.Current.Config.Store;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var isDamaged = database.Trouble is { Kind: DatabaseFault.Damaged };
        if (isDamaged && _written is { IsDamaged: false } sound)
            Write(sound with { IsDamaged = true }); // First of all: the next start must look through all of it.
        if (changes.Version == _version || database.Trouble is not null)
            return 0;
        var version = changes.Version;
        await RememberAsync(cancellationToken);
        _version = version;
        return 0;
    }

    /// <summary>Before anything is written.</summary>
    /// <exception cref="DatabaseFaultException">It is damaged, empty, or another than the home remembers.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        var known = KnownDatabase.Read(Home, Kind);
        await LookThroughAsync(known, cancellationToken);
        if (known is null || await Migrator.AppliedAsync(database, cancellationToken) is var applied && applied > Migrator.Newest)
            return;
        if (applied == 0)
            throw LostDatabase.New(Home, Kind, DatabaseFault.Lost, "the database is empty");
        await CheckIdentityAsync(database, settings.Current, cancellationToken);
    }

    /// <summary>For one that has its tables.</summary>
    /// <exception cref="DatabaseFaultException">It is another than the home remembers.</exception>
    public static async Task CheckIdentityAsync(Database database, Settings settings, CancellationToken cancellationToken)
    {
        var (home, kind) = (settings.Home, settings.Config.Store);
        if (KnownDatabase.Read(home, kind) is not { Id: { } known })
            return;
        var id = await database.ReadAsync(
            reading => FactStore.FindAsync(reading, FactStore.FirstStart, cancellationToken), cancellationToken);
        if (id != known)
            throw LostDatabase.New(home, kind, DatabaseFault.Lost, "the database is another than this home's");
    }

    /// <summary>That there is less in it than was known; null where there is not. It stands as long as the relay runs.</summary>
    public string? Older { get; private set; }

    /// <summary>Once it is ready for work.</summary>
    /// <returns>What the operator should know; null where there is less in it than was known.</returns>
    public async Task<string?> OpenAsync(CancellationToken cancellationToken)
    {
        var known = KnownDatabase.Read(Home, Kind);
        var now = await RememberAsync(cancellationToken);
        if (known?.Id is null || now.Entries >= known.Entries && now.Messages >= known.Messages)
            return null;
        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"the database has {now.Entries} entries and {now.Messages} messages, {known.InWords}: "
            + $"it is an older copy, or what came last is lost");
        LogOlder(words);
        Older = words;
        return words;
    }

    /// <summary>When the relay stops in order, while the database is open. Nothing where it never ran.</summary>
    public Task SayLastAsync(CancellationToken cancellationToken) =>
        _written is null ? Task.CompletedTask : RunBatchAsync(cancellationToken);

    /// <summary>The database is closed.</summary>
    public void Close()
    {
        if (_written is { } open && database.Trouble is null)
            Write(open with { IsOpen = false });
    }

    private async Task LookThroughAsync(KnownDatabase? known, CancellationToken cancellationToken)
    {
        var started = database.Clock.GetTimestamp();
        var found = await database.CheckAsync(known is { IsOpen: false, IsDamaged: false } ? AfterStop : AfterCrash, cancellationToken);
        var took = (long)database.Clock.GetElapsedTime(started).TotalMilliseconds;
        if (found.Fault is { } fault)
            throw LostDatabase.New(Home, Kind, DatabaseFault.Damaged, $"{Home.DatabaseFile} is damaged: {fault}");
        if (database.IsElsewhere || known is not { IsOpen: true })
            return;
        if (found.IsWhole)
            LogSound(took);
        else
            LogUnfinished(took);
    }

    private async Task<KnownDatabase> RememberAsync(CancellationToken cancellationToken)
    {
        var now = await database.ReadAsync(
            async reading =>
            {
                var (entries, messages) = await ConversationStore.EverAsync(reading, cancellationToken);
                var id = await FactStore.FindAsync(reading, FactStore.FirstStart, cancellationToken);
                return new KnownDatabase(id ?? "", entries, messages, reading.Now) { IsOpen = true };
            },
            cancellationToken);
        if (_written is null || _written with { At = now.At } != now)
            Write(now);
        return now;
    }

    private void Write(KnownDatabase known)
    {
        KnownDatabase.Write(Home, Kind, known);
        _written = known;
    }

    [LoggerMessage(LogLevel.Information, "The database was not closed in order; looked through in {Milliseconds} ms, it is sound")]
    private partial void LogSound(long milliseconds);

    [LoggerMessage(
        LogLevel.Warning,
        "The database was not closed in order; looked through for {Milliseconds} ms without a fault, not to the end; relay doctor does")]
    private partial void LogUnfinished(long milliseconds);

    [LoggerMessage(LogLevel.Warning, "Less than was known: {Words}")]
    private partial void LogOlder(string words);
}
