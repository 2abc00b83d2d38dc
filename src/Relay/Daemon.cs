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

/// <summary>A running relay. It starts in steps: (1) take the lock, (2) migrate the database, (3) import the history of an older relay,
/// (4) recover from a crash, (5) start the loops and HTTP, (6) write the address into a file and page the operator.</summary>
internal sealed partial class Daemon : IAsyncDisposable
{
    /// <summary>How long a stop waits for MCP calls to be answered, then for the loops, then for the database.
    /// Together they are less than the 5 s that a stop may take.
    /// What is still at work then, as with a database that does not answer, is left as a crash would leave it.</summary>
    private static readonly TimeSpan CallsLimit = TimeSpan.FromSeconds(1), LoopsLimit = TimeSpan.FromSeconds(3.2);

    private static readonly TimeSpan DatabaseLimit = TimeSpan.FromSeconds(0.3);

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

        public sealed record Impossible(string Reason) : Start;
    }

    public string Url { get; private set; } = "";

    public IServiceProvider Services => _host.Services;

    public static async Task<Start> StartAsync(
        SettingsSource settings, TimeProvider clock, Action<WebApplicationBuilder> adjust, CancellationToken cancellationToken)
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
            daemon = new Daemon(mine, database, RelayHost.Build(settings, database, changes, adjust), home);
            await daemon.BeginAsync(settings, cancellationToken);
            return new Start.Running(daemon);
        }
        catch (OperationCanceledException)
        {
            await (daemon?.DisposeAsync() ?? default);
            mine.Dispose();
            throw;
        }
        catch (Exception exception) when (
            exception is InvalidOperationException or InvalidDataException or IOException or UnauthorizedAccessException or DbException)
        {
            await (daemon?.DisposeAsync() ?? default); // The loops may run already, for instance when the port is in use.
            mine.Dispose();
            return new Start.Impossible(exception.Message);
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
        File.Delete(_home.EndpointFile);
        _host.Lifetime.StopApplication();
        using var limit = new CancellationTokenSource(CallsLimit, _database.Clock);
        await Services.GetRequiredService<McpCalls>().AnsweredAsync(limit.Token);
        await WithinAsync(LoopsLimit, _host.StopAsync(CancellationToken.None));
        using var lastWord = new CancellationTokenSource(DatabaseLimit, _database.Clock);
        await WithinAsync(DatabaseLimit, Services.GetRequiredService<StatusMirror>().SayStoppedAsync(lastWord.Token));
        await _host.DisposeAsync();
        await WithinAsync(DatabaseLimit, _database.DisposeAsync().AsTask());
        _lock.Dispose();
    }

    private async Task WithinAsync(TimeSpan limit, Task task) =>
        await task.WaitAsync(limit, _database.Clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

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
                    writing, settings.Current.Config.Model, string.Join("; ", [_home.Root, .. Opened(listen)]), cancellationToken),
                cancellationToken),
            cancellationToken);
    }

    private static string[] Opened(ListenAddress listen) => listen.Openness is { } openness ? [openness] : [];

    [LoggerMessage(LogLevel.Information, "Listening at {Url} and {Socket}, {Openness}")]
    private static partial void LogListening(ILogger log, string url, string socket, string openness);

    /// <summary>Each step finds what it did before, so that it can be repeated.</summary>
    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await Migrator.MigrateAsync(_database, cancellationToken); // (2)
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
    }
}
