using System.Text;
using System.Text.Json;
using Relay.Cli;
using Relay.Configuration;
using Relay.Storage;
using Relay.Tests.Testing;

namespace Relay.Tests.Cli;

/// <summary>The result of a command.</summary>
internal sealed record Ran(int Exit, string Output, string Error)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Output);
}

/// <summary>The home of one test. Its commands run in this process, and so does its daemon, if it is started.
/// Nothing is sent to another machine.</summary>
internal sealed class CliHome : IAsyncDisposable
{
    private readonly string? _kind;
    private readonly List<StringWriter> _errors = [];
    private Daemon? _daemon;
    private TestStore? _store;

    /// <param name="config">Empty where the test makes it, or there is to be none: then the store is a file.</param>
    /// <param name="kind">A dialect's name; null is the default of the run.</param>
    /// <param name="folder">Its name.</param>
    public CliHome(string config = "advisor: simulated\nlisten: 127.0.0.1:0\n", string? kind = null, string folder = "home")
    {
        _kind = config.Length == 0 ? SqlDialect.Sqlite.Name : kind;
        Home = new RelayHome(Path.Combine(Directory.CreateTempSubdirectory("relay-cli-").FullName, folder));
        if (config.Length == 0)
            return;
        Directory.CreateDirectory(Home.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Home.ConfigFile, config);
    }

    public RelayHome Home { get; }

    public Dictionary<string, string> Environment { get; } = new() { ["NTFY_SERVER"] = "http://127.0.0.1:9" };

    /// <summary>Of the daemon that runs.</summary>
    public string Url => _daemon!.Url;

    /// <summary>The width of a terminal; null for none.</summary>
    public int? Width { get; set; }

    /// <summary>What all commands have written to standard error up to now, those that still run included.</summary>
    public string Said
    {
        get
        {
            lock (_errors)
                return string.Concat(_errors.Select(error => error.ToString()));
        }
    }

    public Task<Ran> RunAsync(params string[] arguments) => RunAsync(input: null, arguments);

    public Task<Ran> PipeAsync(string input, params string[] arguments) => RunAsync(input, arguments);

    public async Task<Daemon> StartAsync(bool forgets = false)
    {
        Home.CreateFolders();
        await FindStoreAsync();
        var source = ((Loaded.Ok)SettingsSource.Load(Home, Environment, generate: true)).Source;
        var started = await Daemon.StartAsync(
            source, TimeProvider.System, builder => builder.Configuration["quiet"] = "true", forgets, CancellationToken.None);
        return _daemon = ((Daemon.Start.Running)started).Daemon;
    }

    public async Task StopAsync()
    {
        if (_daemon is { } daemon)
        {
            _daemon = null;
            await daemon.DisposeAsync();
        }
    }

    /// <summary>Asks the operator, and returns when the question is open.</summary>
    public async Task EscalateAsync(string session)
    {
        await RunAsync("send", "--session", session, $"Ask the operator about {session}");
        await Until.TrueAsync(
            async () => (await RunAsync("questions", "--json")).Output.Contains($"\"{session}\""), $"the question of {session}");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await (_store?.DisposeAsync() ?? default);
        Directory.Delete(Path.GetDirectoryName(Home.Root)!, recursive: true);
    }

    private async Task FindStoreAsync()
    {
        if (_store is not null)
            return;
        _store = await TestStore.CreateAsync(_kind);
        _store.AddTo(Environment);
        if (_store.Config.Length > 0)
            await File.AppendAllTextAsync(Home.ConfigFile, "\n" + _store.Config);
    }

    private async Task<Ran> RunAsync(string? input, string[] arguments)
    {
        await FindStoreAsync();
        var output = new StringWriter();
        var error = new StringWriter();
        lock (_errors)
            _errors.Add(error);
        var context = new CommandContext(new Dictionary<string, string>(Environment), output, TextWriter.Synchronized(error))
        {
            Width = Width,
            Input = new MemoryStream(Encoding.UTF8.GetBytes(input ?? "")),
            IsInputRedirected = input is not null,
        };
        var exit = await CommandLine.RunAsync([.. arguments, "--home", Home.Root], context);
        return new Ran(exit, output.ToString(), error.ToString());
    }
}
