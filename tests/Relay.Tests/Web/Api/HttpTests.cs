using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Web.Api;

/// <summary>Which requests are let in. All tests use the same daemon.</summary>
public sealed class Door : IAsyncLifetime
{
    internal RunningRelay Relay { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Relay = await RunningRelay.StartAsync("max_envelope_bytes: 4096");

    public ValueTask DisposeAsync() => Relay.DisposeAsync();
}

public sealed class HttpTests(Door door) : IClassFixture<Door>
{
    private readonly RunningRelay _relay = door.Relay;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private int Port => new Uri(_relay.Daemon.Url).Port;

    [Fact]
    public async Task Health_is_open()
    {
        using var response = await SendAsync("GET", "/healthz", token: null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ok", (await JsonAsync(response))["status"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("GET", "/status")]
    [InlineData("POST", "/ask")]
    [InlineData("POST", "/answers")]
    [InlineData("POST", "/retry")]
    [InlineData("GET", "/")]
    [InlineData("GET", "/mcp")]
    [InlineData("POST", "/hooks/claude-code")]
    [InlineData("GET", "/no/such/thing")]
    [InlineData("GET", "/healthz/")]
    [InlineData("GET", "/healthz/../status")]
    [InlineData("GET", "//healthz")]
    public async Task All_else_needs_the_token(string method, string path)
    {
        var token = _relay.Secrets.Token;
        string?[] wrong = [null, "Bearer wrong", "Bearer", "Bearer ", $"Basic {token}", token, $"Bearer {token}x", $"Bearer {token[1..]}"];
        foreach (var authorization in wrong)
        {
            var header = authorization is null ? "" : $"Authorization: {authorization}\r\n";
            var response = await RawAsync(
                $"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{Port}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 401", response, StringComparison.Ordinal);
            Assert.Contains("application/problem+json", response, StringComparison.Ordinal);
            Assert.Contains("WWW-Authenticate: Bearer", response, StringComparison.Ordinal);
            Assert.DoesNotContain(_relay.Secrets.Token, response, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("bearer")]
    [InlineData("BEARER")]
    public async Task The_scheme_is_not_a_matter_of_case(string scheme)
    {
        using var response = await SendAsync("GET", "/status", token: null, ("Authorization", $"{scheme} {_relay.Secrets.Token}"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("evil.example", 403)]
    [InlineData("evil.example:7420", 403)]
    [InlineData("127.0.0.1.evil.example", 403)]
    [InlineData("localhost.evil.example", 403)]
    [InlineData("127.0.0.2", 403)]
    [InlineData("localhost", 200)]
    [InlineData("LocalHost", 200)]
    [InlineData("127.0.0.1", 200)]
    [InlineData("[::1]", 200)]
    public async Task A_foreign_host_is_refused_even_for_health_and_with_the_token(string host, int status)
    {
        foreach (var path in (string[])["/healthz", "/status"])
        {
            using var response = await SendAsync("GET", path, _relay.Secrets.Token, ("Host", host));
            Assert.Equal(status, (int)response.StatusCode);
            if (status == 403)
                await AssertProblemAsync(response, 403);
        }
    }

    [Theory]
    [InlineData("http://evil.example", 403)]
    [InlineData("https://evil.example", 403)]
    [InlineData("null", 403)]
    [InlineData("file://", 403)]
    [InlineData("http://127.0.0.1.evil.example", 403)]
    [InlineData("http://127.0.0.1:1", 403)]
    [InlineData("http://localhost:3000", 403)]
    [InlineData("nonsense", 403)]
    [InlineData("http://127.0.0.1:PORT", 200)]
    [InlineData("http://localhost:PORT", 200)]
    public async Task A_foreign_origin_is_refused_with_or_without_the_token(string origin, int status)
    {
        origin = origin.Replace("PORT", $"{Port}", StringComparison.Ordinal);
        foreach (var path in (string[])["/healthz", "/status"])
        {
            using var response = await SendAsync("GET", path, _relay.Secrets.Token, ("Origin", origin));
            Assert.Equal(status, (int)response.StatusCode);
            if (status == 403)
                await AssertProblemAsync(response, 403);
        }
    }

    [Theory]
    [InlineData("GET", "/no/such/thing", 404)]
    [InlineData("GET", "/nothing.txt", 404)]
    [InlineData("POST", "/messages/%25/retry", 404)]
    [InlineData("POST", "/messages/nothing/drop", 404)]
    [InlineData("POST", "/status", 405)]
    [InlineData("DELETE", "/healthz", 405)]
    [InlineData("GET", "/ask", 405)]
    [InlineData("PUT", "/answers", 405)]
    public async Task What_there_is_not_is_a_problem(string method, string path, int status)
    {
        using var response = await SendAsync(method, path, _relay.Secrets.Token);

        await AssertProblemAsync(response, status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"session_id":"../x","content":"c","id":"i"}""")]
    [InlineData("""{"session_id":"s","content":" ","id":"i"}""")]
    [InlineData("""{"session_id":"s","content":"c"}""")]
    [InlineData("""{"session_id":5,"content":"c","id":"i"}""")]
    [InlineData("""{"session_id":"s","content":"\ud800","id":"i"}""")]
    [InlineData("""{"session_id":"s","content":"c","id":"i","wait_seconds":"x"}""")]
    public async Task A_malformed_question_is_a_problem(string body)
    {
        using var response = await SendAsync("POST", "/ask", _relay.Secrets.Token, body);

        await AssertProblemAsync(response, 400);
    }

    [Theory]
    [InlineData("/ask", "", "the body is empty")]
    [InlineData("/answers", "", "the body is empty")]
    [InlineData("/ask", """{"session_id":"s","content":"c""", "not JSON: the JSON ends too early, line 1, column 31")]
    [InlineData("/answers", "{'a':1}", "not JSON: ' is not expected there, line 1, column 2")]
    [InlineData("/ask", """{"session_id":5}""", "not what is expected: $.session_id is of another kind")]
    public async Task A_body_that_is_not_the_JSON_expected_is_told_of_in_words(string path, string body, string detail)
    {
        using var response = await SendAsync("POST", path, _relay.Secrets.Token, body);

        Assert.Equal(detail, (string?)(await JsonAsync(response))["detail"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_too_large_is_a_problem(bool chunked)
    {
        var body = $$"""{"session_id":"s","content":"{{new string('x', 20_000)}}","id":"i"}""";
        foreach (var path in (string[])["/ask", "/answers"])
        {
            using var request = Request("POST", path, _relay.Secrets.Token);
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            request.Headers.TransferEncodingChunked = chunked;
            using var response = await _relay.Client.SendAsync(request, CancellationToken);
            await AssertProblemAsync(response, 413);
        }
    }

    [Fact]
    public async Task Nothing_that_was_refused_stopped_the_relay()
    {
        Assert.StartsWith("HTTP/1.1 400", await RawAsync("GARBAGE\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await RawAsync("GET /status HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);

        Assert.Equal("running", (await _relay.StatusAsync())["state"]!.GetValue<string>());
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? token, string body)
    {
        using var request = Request(method, path, token);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return await _relay.Client.SendAsync(request, CancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(
        string method, string path, string? token, params (string Name, string Value)[] headers)
    {
        using var request = Request(method, path, token);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var client = new HttpClient { BaseAddress = _relay.Client.BaseAddress };
        return await client.SendAsync(request, CancellationToken);
    }

    private static HttpRequestMessage Request(string method, string path, string? token)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    private async Task<string> RawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port, CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        return await reader.ReadToEndAsync(CancellationToken);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage response, int status)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await JsonAsync(response);
        Assert.Equal(status, problem["status"]!.GetValue<int>());
        Assert.NotEmpty(problem["detail"]!.GetValue<string>());
        Assert.DoesNotContain("   at ", problem.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Relay.", problem.ToJsonString(), StringComparison.Ordinal);
    }

    private static async Task<JsonObject> JsonAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync(CancellationToken))!.AsObject();
}
