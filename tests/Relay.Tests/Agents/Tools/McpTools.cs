using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Tools;

/// <summary>The official MCP client, connected to a running relay.</summary>
internal sealed class McpTools : IAsyncDisposable
{
    /// <summary>The version without sessions, with server/discover.</summary>
    public const string Current = "2026-07-28";

    /// <summary>The version with the initialize handshake.</summary>
    public const string Handshake = "2025-11-25";

    private McpTools(McpClient client) => Client = client;

    public McpClient Client { get; }

    /// <summary>The texts of the progress notifications.</summary>
    public ConcurrentQueue<string> Progress { get; } = new();

    /// <param name="relay">The server.</param>
    /// <param name="version">Of the protocol.</param>
    /// <param name="session">The header X-Relay-Session.</param>
    /// <param name="token">The operator's unless given.</param>
    public static async Task<McpTools> ConnectAsync(
        RunningRelay relay, string version, string? session = null, string? token = null)
    {
        var options = new HttpClientTransportOptions
        {
            Endpoint = new Uri(new Uri(relay.Daemon.Url), "/mcp"),
            TransportMode = HttpTransportMode.StreamableHttp,
            AdditionalHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer " + (token ?? relay.Secrets.Token) },
        };
        if (session is not null)
            options.AdditionalHeaders["X-Relay-Session"] = session;
        var client = await McpClient.CreateAsync(
            new HttpClientTransport(options),
            new McpClientOptions { ProtocolVersion = version },
            cancellationToken: TestContext.Current.CancellationToken);
        return new McpTools(client);
    }

    public async Task<string> CallAsync(
        string tool, object? arguments = null, string? use = null, bool fails = false, CancellationToken? cancellationToken = null)
    {
        var properties = (arguments ?? new { }).GetType().GetProperties();
        var given = properties.ToDictionary(property => property.Name, property => property.GetValue(arguments));
        var meta = use is null ? null : new JsonObject { ["claudecode/toolUseId"] = use };
        var result = await Client.CallToolAsync(
            tool,
            given,
            new Reporter(Progress),
            new RequestOptions { Meta = meta },
            cancellationToken ?? TestContext.Current.CancellationToken);
        Assert.Equal(fails, result.IsError ?? false);
        return Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;
    }

    public Task<string> AskAsync(string question, string? use = null, CancellationToken? cancellationToken = null) =>
        CallAsync("ask_advisor", new { question }, use, cancellationToken: cancellationToken);

    public ValueTask DisposeAsync() => Client.DisposeAsync();

    private sealed class Reporter(ConcurrentQueue<string> progress) : IProgress<ProgressNotificationValue>
    {
        public void Report(ProgressNotificationValue value) => progress.Enqueue(value.Message ?? "");
    }
}
