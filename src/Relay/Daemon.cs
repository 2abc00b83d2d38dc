using System.Data.Common;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Relay.Advisor;
using Relay.Agents;
using Relay.Agents.Hooks;
using Relay.Agents.Tools;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Http;
using Relay.Intake;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Selection;
using Relay.Turns;
using Relay.Web.Status;

namespace Relay;

/// <summary>A running relay. It starts in steps: (1) take the lock, (2) hold the database against what the home
/// remembers of it, and migrate it, (3) import the history of an older relay, (4) recover from a crash, (5) start the loops and HTTP,
/// (6) write the address into a file and page the operator.</summary>
internal sealed partial class Daemon : IAsyncDisposable
{
    /// <summary>How long a stop waits for MCP calls to be answered, then for the loops, then for the database.
    /// Together they are less than the 5 s that a stop may take.
    /// What is still at work then, as with a database that does not answer, is left as a crash would leave it.</summary>
    private static readonly TimeSpan CallsLimit = TimeSpan.FromSeconds(1), LoopsLimit = TimeSpan.FromSeconds(3.2);

    private static readonly TimeSpan DatabaseLimit = TimeSpan.FromSeconds(0.3);

    /// <summary>So long after its beginning a stop that had little to wait for still reads what it says last, and a slow disk may take its
    /// time for it.</summary>
    private static readonly TimeSpan LastWordBy = TimeSpan.FromSeconds(3.5);

    private readonly InstanceLock _lock;
    private readonly Database _database;
    private readonly WebApplication _host;
    private readonly RelayHome _home;

    private Daemon(InstanceLock @lock, Database database, WebApplication host, RelayHome home)
    {
        _lock = @lock;
        _database = database;
        _host = host;
        _home = home;
    }

    public abstract record Start
    {
        private Start() { }

        public sealed record Running(Daemon Daemon) : Start;

        public sealed record AlreadyRunning(int? ProcessId) : Start;

        public sealed record Impossible(string Reason) : Start
        {
            /// <summary>Another start may succeed by itself.</summary>
            public bool IsPassing { get; init; }
        }
    }

    public string Url { get; private set; } = "";

    /// <summary>What the operator should know of the database this relay runs on; null where all is as it was.</summary>
    public string? Warning { get; private set; }

    public IServiceProvider Services => _host.Services;

    public static Task<Start> StartAsync(
        SettingsSource settings, TimeProvider clock, Action<WebApplicationBuilder> adjust, CancellationToken cancellationToken) =>
        StartAsync(settings, clock, adjust, forgets: false, cancellationToken);

    /// <param name="settings">Of the home.</param>
    /// <param name="clock">For all of it.</param>
    /// <param name="adjust">What a test or the demo changes.</param>
    /// <param name="forgets">Where the database cannot be used any more, it is put aside and an empty one takes its place.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<Start> StartAsync(
        SettingsSource settings, TimeProvider clock, Action<WebApplicationBuilder> adjust, bool forgets,
        CancellationToken cancellationToken)
    {
        for (string? forgotten = null; ;)
            try
            {
                return await TryStartAsync(settings, clock, adjust, forgotten, cancellationToken);
            }
            catch (DatabaseFaultException fault) when (forgets && forgotten is null && fault.NeedsRestoring)
            {
                forgotten = LostDatabase.PutAside(settings.Current, fault, clock.GetUtcNow());
            }
            catch (Exception exception) when (IsImpossible(exception))
            {
                var reason = exception is DatabaseFaultException { NeedsRestoring: true } fault
                    ? LostDatabase.Complete(settings.Current, fault).Message
                    : FullDisk.Explain(exception).Replace("the relay goes on by itself", "then start it again", StringComparison.Ordinal);
                await Refusal.TellAsync(settings, reason, clock);
                return new Start.Impossible(reason) { IsPassing = FullDisk.Is(reason) };
            }
    }

    private static bool IsImpossible(Exception exception) =>
        exception is InvalidOperationException or InvalidDataException or IOException or UnauthorizedAccessException or DbException;

    private static async Task<Start> TryStartAsync(
        SettingsSource settings, TimeProvider clock, Action<WebApplicationBuilder> adjust, string? forgotten,
        CancellationToken cancellationToken)
    {
        var home = settings.Current.Home;
        home.CreateFolders();
        var taken = await InstanceLock.TakeAsync(home.LockFile, clock, cancellationToken); // (1)
        if (taken is InstanceLock.Taken.Other other)
            return new Start.AlreadyRunning(other.ProcessId);
        var mine = ((InstanceLock.Taken.Mine)taken).Lock;
        home.Sweep();
        if (Listening.WhyNot(settings.Current.Config.Listen) is { } fault)
        {
            mine.Dispose();
            return new Start.Impossible($"{fault}; choose another with listen: in {home.ConfigFile} (port 0 is any free one)");
        }
        Daemon? daemon = null;
        try
        {
            settings.KeepInForce();
            var changes = new ChangeFeed();
            var database = DatabaseFactory.Open(settings.Current, changes, clock);
            daemon = new Daemon(mine, database, RelayHost.Build(settings, database, changes, adjust), home) { Warning = forgotten };
            await daemon.BeginAsync(settings, cancellationToken);
            return new Start.Running(daemon);
        }
        catch
        {
            await (daemon?.DisposeAsync() ?? default); // The loops may run already, for instance when the port is in use.
            mine.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the host stops. A loop that fails unexpectedly stops it.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stopping = _host.Lifetime.ApplicationStopping.UnsafeRegister(_ => ended.TrySetResult(), null);
        await using var asked = cancellationToken.UnsafeRegister(_ => ended.TrySetResult(), null);
        await ended.Task;
    }

    /// <summary>First the clients that wait for a reply are told that there is none yet; then everything stops.</summary>
    public async ValueTask DisposeAsync()
    {
        var began = _database.Clock.GetTimestamp();
        DurableFile.TryRemove(_home.EndpointFile);
        _host.Lifetime.StopApplication();
        using var limit = new CancellationTokenSource(CallsLimit, _database.Clock);
        await Services.GetRequiredService<McpCalls>().AnsweredAsync(limit.Token);
        await WithinAsync(LoopsLimit, _host.StopAsync(CancellationToken.None));
        var left = LastWordBy - _database.Clock.GetElapsedTime(began);
        left = left > DatabaseLimit ? left : DatabaseLimit;
        using var lastWord = new CancellationTokenSource(left / 2, _database.Clock); // The other half is for writing it.
        await WithinAsync(left, Services.GetRequiredService<StatusMirror>().SayStoppedAsync(lastWord.Token));
        var memory = Services.GetRequiredService<HomeMemory>();
        await WithinAsync(DatabaseLimit, memory.SayLastAsync(lastWord.Token));
        await _host.DisposeAsync();
        var closing = _database.DisposeAsync().AsTask();
        await WithinAsync(DatabaseLimit, closing);
        if (closing.IsCompletedSuccessfully)
            SayClosed(memory);
        _lock.Dispose();
    }

    private async Task WithinAsync(TimeSpan limit, Task task) =>
        await task.WaitAsync(limit, _database.Clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Where that cannot be written, the next start takes its time to look through the database.</summary>
    private static void SayClosed(HomeMemory memory)
    {
        try
        {
            memory.Close();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    private async Task BeginAsync(SettingsSource settings, CancellationToken cancellationToken)
    {
        var wait = Services.GetRequiredService<DatabaseWait>();
        await wait.RunAsync(() => PrepareAsync(cancellationToken), cancellationToken);
        await Services.GetRequiredService<KeyWatch>().RunBatchAsync(cancellationToken); // Not well from the start, where there is no key.
        await _host.StartAsync(cancellationToken); // (5)
        var listen = settings.Current.Config.Listen;
        Url = Listening.Reachable(Listening.TcpOf(Services.GetRequiredService<IServer>()));
        var socket = Services.GetRequiredService<LocalSocket>().Path!;
        var endpoint = JsonSerializer.SerializeToUtf8Bytes(new { url = Url, pid = Environment.ProcessId, socket });
        DurableFile.Replace(_home.EndpointFile, endpoint); // (6)
        LogListening(Services.GetRequiredService<ILogger<Daemon>>(), Url, socket, listen.Openness ?? "closed to the network");
        await wait.RunAsync(
            () => _database.WriteAsync(
                writing => PageStore.AnnounceAsync(
                    writing, settings.Current.Config.Model, string.Join("; ", [AboutHome, .. Opened(listen)]), cancellationToken),
                cancellationToken),
            cancellationToken);
    }

    /// <summary>For the page that says the relay is there.</summary>
    private string AboutHome => Warning is null ? _home.Root : $"{_home.Root}\n\n{Warning}";

    private static string[] Opened(ListenAddress listen) => listen.Openness is { } openness ? [openness] : [];

    [LoggerMessage(LogLevel.Information, "Listening at {Url} and {Socket}, {Openness}")]
    private static partial void LogListening(ILogger log, string url, string socket, string openness);

    /// <summary>Each step finds what it did before, so that it can be repeated.</summary>
    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var memory = Services.GetRequiredService<HomeMemory>();
        await memory.CheckAsync(cancellationToken); // (2)
        await Migrator.MigrateAsync(_database, cancellationToken);
        await Services.GetRequiredService<HistoryImport>().RunAsync(cancellationToken); // (3)
        await _database.WriteAsync(
            writing => Services.GetRequiredService<SessionDirectory>().IntroduceAsync(writing, cancellationToken), cancellationToken);
        await Services.GetRequiredService<Recovery>().StartAsync(cancellationToken); // (4)
        await _database.WriteAsync(
            async writing =>
            {
                await PermissionQuestions.ExpireAllAsync(writing, cancellationToken);
                await AgentStore.LetGoAsync(writing, cancellationToken);
            },
            cancellationToken);
        await memory.OpenAsync(cancellationToken);
    }
}
