using Relay.Configuration;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Selection;

namespace Relay.Conversations;

/// <summary>Keeps what the home remembers of its database, and holds the database against it at the start. So that none takes the place of
/// another in silence.</summary>
internal sealed partial class HomeMemory(
    Database database, SettingsSource settings, ChangeFeed changes, ILogger<HomeMemory> log) : ILoop, IDisposable
{
    /// <summary>After a stop in order there is little to find, and the start must not wait for it.</summary>
    private static readonly TimeSpan AfterStop = TimeSpan.FromSeconds(0.25), AfterCrash = TimeSpan.FromSeconds(20);

    private readonly GivenOutNumbers _numbers = new();
    private readonly KnownDatabaseFile _file = new(settings.Current.Home, settings.Current.Config.Store);
    private readonly Lock _writing = new();
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
        if (await Migrator.AppliedAsync(database, cancellationToken) is var applied && applied > Migrator.Newest)
            return;
        if (applied == 0 && (known is not null || Traces.Of(Home) is not null))
            throw LostDatabase.New(Home, Kind, DatabaseFault.Lost, "the database is empty");
        if (known is not null)
            await CheckContentAsync(database, settings.Current, cancellationToken);
    }

    /// <summary>For one that has its tables.</summary>
    /// <exception cref="DatabaseFaultException">It is another than the home remembers, or there is less in it.</exception>
    public static async Task CheckContentAsync(Database database, Settings settings, CancellationToken cancellationToken)
    {
        var (home, kind) = (settings.Home, settings.Config.Store);
        if (KnownDatabase.Read(home, kind) is not { Id: not null } known)
            return;
        var now = await database.ReadAsync(reading => ReadAsync(reading, cancellationToken), cancellationToken);
        if (now.Id != known.Id)
            throw LostDatabase.New(home, kind, DatabaseFault.Lost, "the database is another than this home's");
        if (now.IsLessThan(known))
            throw LostDatabase.New(home, kind, DatabaseFault.Older, now.Lack);
    }

    /// <summary>Once it is ready for work. From here on, every commit is remembered before anybody hears of it.</summary>
    public Task OpenAsync(CancellationToken cancellationToken)
    {
        database.Remembering = Remember;
        return RememberAsync(cancellationToken);
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

    public void Dispose() => _file.Dispose();

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

    private async Task RememberAsync(CancellationToken cancellationToken)
    {
        var before = _numbers.Sums;
        var numbers = new List<GivenOut>();
        var now = await database.ReadAsync(reading => ReadAsync(reading, numbers, cancellationToken), cancellationToken);
        if (now.Messages < before.Messages || now.Entries < before.Entries)
            throw LostDatabase.New(Home, Kind, DatabaseFault.Older, now.Lack); // On a server, others may have restored it.
        _numbers.Add(numbers);
        if (_written is null || _written with { At = now.At } != now)
            Write(now);
    }

    private static Task<KnownDatabase> ReadAsync(Reading reading, CancellationToken cancellationToken) =>
        ReadAsync(reading, [], cancellationToken);

    private static async Task<KnownDatabase> ReadAsync(Reading reading, List<GivenOut> numbers, CancellationToken cancellationToken)
    {
        numbers.Clear();
        numbers.AddRange(await ConversationStore.EverAsync(reading, cancellationToken));
        var id = await FactStore.FindAsync(reading, FactStore.FirstStart, cancellationToken);
        var (entries, messages) = (numbers.Sum(each => each.Entry), numbers.Sum(each => each.Message));
        return new KnownDatabase(id ?? "", entries, messages, reading.Now) { IsOpen = true };
    }

    /// <summary>While a commit ends.</summary>
    private void Remember(IReadOnlyList<GivenOut> numbers)
    {
        if (numbers.Count == 0)
            return;
        var (messages, entries) = _numbers.Add(numbers);
        lock (_writing)
            if (_written is { } known)
                _file.Overwrite(known with { Messages = messages, Entries = entries, At = database.Clock.GetUtcNow() });
    }

    /// <summary>With the numbers of now, for a commit may have come in between.</summary>
    private void Write(KnownDatabase known)
    {
        lock (_writing)
        {
            var (messages, entries) = _numbers.Sums;
            _written = known with { Messages = messages, Entries = entries };
            _file.Replace(_written);
        }
    }

    [LoggerMessage(LogLevel.Information, "The database was not closed in order; looked through in {Milliseconds} ms, it is sound")]
    private partial void LogSound(long milliseconds);

    [LoggerMessage(
        LogLevel.Warning,
        "The database was not closed in order; looked through for {Milliseconds} ms without a fault, not to the end; relay doctor does")]
    private partial void LogUnfinished(long milliseconds);
}
