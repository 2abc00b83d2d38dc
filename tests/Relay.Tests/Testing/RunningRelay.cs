using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Relay.Configuration;
using Relay.Files;
using Relay.Loopback;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>The complete daemon in this process, on a port of its own, with the stand-ins for the Messages API and ntfy.</summary>
internal sealed class RunningRelay : IAsyncDisposable
{
    public const string ApiKey = "sk-ant-a-key-nobody-may-see";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, string> _environment;
    private readonly TestStore _store;
    private readonly TimeProvider _clock;
    private Daemon? _daemon;

    /// <param name="api">Answers its calls.</param>
    /// <param name="ntfy">Takes its pages.</param>
    /// <param name="config">Begins with where it listens.</param>
    /// <param name="store">Holds its data.</param>
    /// <param name="clock">Measures its time.</param>
    private RunningRelay(LoopbackMessagesApi api, LoopbackNtfy ntfy, string config, TestStore store, TimeProvider clock)
    {
        _clock = clock;
        _store = store;
        Api = api;
        Ntfy = ntfy;
        _environment = new Dictionary<string, string> { ["NTFY_SERVER"] = ntfy.Address.ToString() };
        store.AddTo(_environment);
        Home.CreateFolders();
        File.WriteAllText(Home.ConfigFile, $"{store.Config}listen: {config}");
        File.WriteAllText(Home.EnvFile, $"ANTHROPIC_API_KEY={ApiKey}\nANTHROPIC_BASE_URL={api.Address}\n");
    }

    public RelayHome Home { get; } = new(Directory.CreateTempSubdirectory("relay-running-").FullName);

    public LoopbackMessagesApi Api { get; }

    public LoopbackNtfy Ntfy { get; }

    public FakeLogCollector Logs { get; } = new();

    /// <summary>Its requests contain the token.</summary>
    public HttpClient Client { get; private set; } = new();

    public Daemon Daemon => _daemon!;

    public Secrets Secrets => Daemon.Services.GetRequiredService<SettingsSource>().Current.Secrets;

    public static async Task<RunningRelay> StartAsync(
        string config = "", TimeProvider? clock = null, string? kind = null, string listen = "127.0.0.1:0")
    {
        var store = await TestStore.CreateAsync(kind);
        var relay = new RunningRelay(
            await LoopbackMessagesApi.StartAsync(), await LoopbackNtfy.StartAsync(), $"{listen}\n{config}", store,
            clock ?? TimeProvider.System);
        await relay.StartDaemonAsync();
        return relay;
    }

    /// <summary>Stops the daemon and starts another one with the same home.</summary>
    public async Task RestartAsync()
    {
        await StopDaemonAsync();
        await StartDaemonAsync();
    }

    public async Task StopDaemonAsync()
    {
        Client.Dispose();
        if (_daemon is not null)
            await _daemon.DisposeAsync();
        _daemon = null;
    }

    public async Task StartDaemonAsync()
    {
        var settings = Assert.IsType<Loaded.Ok>(SettingsSource.Load(Home, _environment, generate: true)).Source;
        var start = await Daemon.StartAsync(settings, _clock, Adjust, TestContext.Current.CancellationToken);
        _daemon = Assert.IsType<Daemon.Start.Running>(start).Daemon;
        Client = new HttpClient { BaseAddress = new Uri(_daemon.Url) };
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", settings.Current.Secrets.Token);
    }

    public void Drop(string session, string content, string? id = null) => DurableFile.Replace(
        Path.Combine(Home.Queue, $"{Guid.CreateVersion7(TimeProvider.System.GetUtcNow()):N}.json"),
        JsonSerializer.SerializeToUtf8Bytes(new { session_id = session, content, id }));

    /// <summary>Waits for the session's reply, reads it and deletes the file.</summary>
    public async Task<string> ConsumeAsync(string session)
    {
        var file = Path.Combine(Home.SessionFolder(session), "input.txt");
        await Until.TrueAsync(() => File.Exists(file), $"a reply for {session}");
        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        File.Delete(file);
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    public async Task<JsonObject> StatusAsync() =>
        JsonNode.Parse(await Client.GetStringAsync("/status", TestContext.Current.CancellationToken))!.AsObject();

    public async Task<(HttpStatusCode Status, JsonObject Body)> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(JsonSerializer.Serialize(body), System.Text.Encoding.UTF8, "application/json");
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (response.StatusCode, JsonNode.Parse(answer)!.AsObject());
    }

    public async ValueTask DisposeAsync()
    {
        await StopDaemonAsync();
        await Api.DisposeAsync();
        await Ntfy.DisposeAsync();
        await _store.DisposeAsync();
        Directory.Delete(Home.Root, recursive: true);
    }

    private void Adjust(WebApplicationBuilder builder)
    {
        builder.Configuration["quiet"] = "true";
        builder.Services.AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(Logs)));
    }
}
