using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Relay.Http;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Http;

/// <summary>What comes in is bounded, and the relay is well meanwhile.</summary>
public sealed class IncomingTests : IAsyncLifetime
{
    private RunningRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private PeerCounts Counts => _relay.Daemon.Services.GetRequiredService<PeerCounts>();

    public async ValueTask InitializeAsync() => _relay = await RunningRelay.StartAsync(kind: SqlDialect.Sqlite.Name);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("GET", "/healthz", 1)]
    [InlineData("GET", "/status", 1)]
    [InlineData("POST", "/ask", 1_048_576 + 4_097)]
    [InlineData("POST", "/answers", 1_048_576 + 4_097)]
    [InlineData("POST", "/mcp", 3 * 1_048_576 + 65_537)]
    [InlineData("POST", "/hooks/claude-code", 128 * 1_048_576 + 1)]
    [InlineData("POST", "/retry", 65_537)]
    public async Task A_body_that_nothing_needs_is_refused_before_it_is_sent(string method, string path, int length)
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, Head(method, path, $"Content-Length: {length}\r\n"));

        var answer = await ReadAsync(socket, TestContext.Current.CancellationToken);

        Assert.StartsWith("HTTP/1.1 413", answer);
        Assert.Contains("application/problem+json", answer);
        Assert.Equal(1, Counts.TooLarge);
    }

    /// <summary>Routing takes them for the same path.</summary>
    [Theory]
    [InlineData("/MCP/", "/mcp")]
    [InlineData("/ask/", "/ask")]
    [InlineData("/Hooks/Claude-Code/", "/hooks/claude-code")]
    [InlineData("/status/", "/status")]
    public void A_slash_at_the_end_and_capitals_make_no_other_limit(string path, string meant) =>
        Assert.Equal(RequestBounds.LongestBody(meant, 1_048_576), RequestBounds.LongestBody(path, 1_048_576));

    [Fact]
    public async Task Fields_of_a_hook_event_that_nobody_uses_are_not_kept()
    {
        const long limit = 60 * 1024 * 1024;
        Assert.InRange(await Allocated.ByAsync(PostAsync, limit), 0, limit);

        async Task PostAsync()
        {
            using var content = new PouredContent(
                """{"hook_event_name":"PostToolUse","tool_response":{"stdout":" """,
                100 * 1024 * 1024,
                """ "},"session_id":"agent-1","cwd":"/tmp"}""");
            using var response = await _relay.Client.PostAsync("/hooks/claude-code", content, CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task Fields_that_are_used_are_bounded()
    {
        using var content = new PouredContent(
            """{"hook_event_name":"Stop","session_id":"agent-1","last_assistant_message":" """, 10 * 1024 * 1024, "\"}");

        using var response = await _relay.Client.PostAsync("/hooks/claude-code", content, CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("PreToolUse")]
    [InlineData("PermissionRequest")]
    public async Task A_tools_input_that_is_too_large_is_nothing_that_could_be_allowed(string name)
    {
        await File.AppendAllTextAsync(_relay.Home.ConfigFile, "agents: {allow: [{tool: Write, pattern: '*'}]}\n", CancellationToken);
        await _relay.RestartAsync();
        var start = $$"""{"hook_event_name":"{{name}}","session_id":"agent-1","tool_name":"Write","tool_use_id":"u",""";
        using var content = new PouredContent(start + "\"tool_input\":{\"content\":\"", 10 * 1024 * 1024, "\"}}");

        using var response = await _relay.Client.PostAsync("/hooks/claude-code", content, CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("{}", await response.Content.ReadAsStringAsync(CancellationToken));
    }

    [Fact]
    public async Task A_session_holds_so_many_requests_and_no_more_while_others_get_theirs()
    {
        var held = new List<Socket>();
        try
        {
            for (var i = 0; i < OpenRequests.MostOfOneSession + 8; i++) // What looks takes a place itself, at times from one of these.
            {
                held.Add(await ConnectAsync());
                await SendAsync(held[^1], Head("GET", $"/agents/x{i}/wait", "X-Relay-Session: greedy\r\n"));
            }
            await Until.TrueAsync(async () => (await StatusOfAsync("greedy")).StatusCode == HttpStatusCode.TooManyRequests, "429");

            using var refused = await StatusOfAsync("greedy");
            using var other = await StatusOfAsync("modest");

            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
            Assert.Equal(HttpStatusCode.Accepted, other.StatusCode);
            Assert.Equal("running", (string?)(await _relay.StatusAsync())["state"]);
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")]
    public async Task A_connection_that_makes_no_request_is_ended_after_five_seconds(string begun)
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, begun);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(15));

        var answer = await ReadAsync(socket, limit.Token);

        Assert.True(answer.Length == 0 || answer.StartsWith("HTTP/1.1 408", StringComparison.Ordinal), answer);
    }

    [Fact]
    public async Task A_body_that_trickles_is_given_up()
    {
        using var socket = await ConnectAsync();
        await SendAsync(socket, Head("POST", "/ask", "Content-Length: 100000\r\n") + "{");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));

        Assert.StartsWith("HTTP/1.1 408", await ReadAsync(socket, limit.Token));
    }

    private async Task<HttpResponseMessage> StatusOfAsync(string session)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/agents/x/wait");
        request.Headers.Add("X-Relay-Session", session);
        request.Headers.Add("X-Relay-Hold", "0");
        return await _relay.Client.SendAsync(request, CancellationToken);
    }

    private string Head(string method, string path, string headers) =>
        $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {_relay.Secrets.Token}\r\n{headers}\r\n";

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(_relay.Daemon.Url).Port, CancellationToken);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string text) =>
        await socket.SendAsync(Encoding.ASCII.GetBytes(text), CancellationToken);

    private static Task<string> ReadAsync(Socket socket) => ReadAsync(socket, CancellationToken);

    private static async Task<string> ReadAsync(Socket socket, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(new NetworkStream(socket));
        try
        {
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (IOException)
        {
            return ""; // Reset.
        }
    }

    /// <summary>A body with a long middle, which is made as it is sent.</summary>
    private sealed class PouredContent(string start, int middle, string end) : HttpContent
    {
        private static readonly byte[] Piece = [.. Enumerable.Repeat((byte)'x', 64 * 1024)];

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
            await stream.WriteAsync(Encoding.UTF8.GetBytes(start));
            for (var sent = 0; sent < middle; sent += Piece.Length)
                await stream.WriteAsync(Piece);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(end));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
