using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Loopback;
using Xunit;
using static Relay.Tests.Loopback.PromptBody;

namespace Relay.Tests.Loopback;

public sealed class LoopbackMessagesApiTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http = new();
    private LoopbackMessagesApi _api = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _api = await LoopbackMessagesApi.StartAsync(new() { ApiKey = "right", ContextWindowTokens = 2_000 });

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _api.DisposeAsync();
    }

    private const string MarkedBlock = """{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}""";

    public static TheoryData<string, string> Faults => new()
    {
        { """{"model":"claude-opus-5-5","messages":[{"role":"user","content":"a"}]}""", "max_tokens: Field required" },
        { Body("\"temperature\":1.0,", """{"role":"user","content":"a"}"""), "temperature: Extra inputs are not permitted" },
        { Body("", """{"role":"user","content":""}"""), "messages: text content blocks must be non-empty" },
        { Body("", """{"role":"user","content":" \n"}"""), "messages: text content blocks must contain non-whitespace text" },
        {
            Body("", """{"role":"user","content":[{"type":"text","text":"","cache_control":{"type":"ephemeral"}}]}"""),
            "messages.0.content.0.text: cache_control cannot be set for empty text blocks"
        },
        {
            Body("", $$"""{"role":"user","content":[{{string.Join(',', Enumerable.Repeat(MarkedBlock, 5))}}]}"""),
            "A maximum of 4 blocks with cache_control may be provided. Found 5."
        },
        {
            Body("", """{"role":"user","content":"a"},{"role":"assistant","content":"b"}"""),
            "This model does not support assistant message prefill. The conversation must end with a user message."
        },
        {
            Body("", """{"role":"assistant","content":"a"},{"role":"user","content":"b"}"""),
            "messages: first message must use the \"user\" role"
        },
        { Body("", $$"""{"role":"user","content":"{{Tokens(2_001, 'a')}}"}"""), "prompt is too long: 2001 tokens > 2000 maximum" },
        {
            Body(
                "\"system\":[{\"type\":\"text\",\"text\":\"s\",\"cache_control\":{\"type\":\"ephemeral\"}}],",
                """{"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]}"""),
            "messages.0.content.0.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. "
                + "Note that blocks are processed in the following order: `tools`, `system`, `messages`."
        },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_request_that_breaks_a_rule_is_refused_with_the_error_body_of_the_api(string body, string message)
    {
        using var response = await PostAsync(body);

        var error = await ReadJsonAsync(response);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("error", error["type"]!.GetValue<string>());
        Assert.Equal("invalid_request_error", error["error"]!["type"]!.GetValue<string>());
        Assert.Equal(message, error["error"]!["message"]!.GetValue<string>());
        Assert.Equal(Assert.Single(response.Headers.GetValues("request-id")), error["request_id"]!.GetValue<string>());
        Assert.Null(Assert.Single(_api.Requests).Usage);
    }

    [Fact]
    public async Task The_older_version_still_takes_a_temperature()
    {
        using var response = await PostAsync(Body("\"temperature\":1.0,", """{"role":"user","content":"a"}"""), version: "2023-06-01");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("x-api-key", "right", HttpStatusCode.OK)]
    [InlineData("Authorization", "Bearer right", HttpStatusCode.OK)]
    [InlineData("x-api-key", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("Authorization", "Bearer wrong", HttpStatusCode.Unauthorized)]
    public async Task The_key_may_come_in_either_header_but_must_be_right(string header, string value, HttpStatusCode expected)
    {
        using var response = await PostAsync(Of(null, User("hello")).ToJsonString(), header: (header, value));

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task A_stream_has_the_events_of_the_api_in_their_order()
    {
        var body = Of(null, User("hello"));
        body["stream"] = true;

        using var response = await PostAsync(body.ToJsonString());

        var events = (await response.Content.ReadAsStringAsync(CancellationToken)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(
            [
                "message_start", "content_block_start", "ping", .. Enumerable.Repeat("content_block_delta", 4),
                "content_block_stop", "message_delta", "message_stop",
            ],
            events.Select(each => each.Split('\n')[0]["event: ".Length..]));
        Assert.All(events, each => Assert.Equal(
            each.Split('\n')[0]["event: ".Length..],
            JsonNode.Parse(each.Split('\n')[1]["data: ".Length..])!["type"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Without_streaming_the_answer_comes_in_one_piece_with_its_usage()
    {
        using var response = await PostAsync(Of([Block("Be brief.")], User("one\ntwo")).ToJsonString());

        var message = await ReadJsonAsync(response);
        var request = Assert.Single(_api.Requests);
        Assert.Equal("reply to: two", message["content"]![0]!["text"]!.GetValue<string>());
        Assert.Equal(request.Usage!.InputTokens, message["usage"]!["input_tokens"]!.GetValue<int>());
        Assert.Equal("Be brief.\none\ntwo", request.AllText);
    }

    [Fact]
    public async Task Counting_tokens_says_what_a_request_would_be_billed()
    {
        var body = Of(null, User(Tokens(77, 'a')));
        body.Remove("max_tokens");

        using var response = await PostAsync(body.ToJsonString(), path: "v1/messages/count_tokens");

        Assert.Equal(77, (await ReadJsonAsync(response))["input_tokens"]!.GetValue<int>());
        Assert.Empty(_api.Requests);
    }

    [Fact]
    public async Task Scripted_replies_come_first_and_in_order_then_the_standing_one()
    {
        _api.Enqueue(ScriptedReply.RateLimited("1"), ScriptedReply.SpendLimitReached());
        _api.Always(ScriptedReply.Status(529));

        using var first = await PostAsync(Of(null, User("a")).ToJsonString());
        using var second = await PostAsync(Of(null, User("a")).ToJsonString());
        using var third = await PostAsync(Of(null, User("a")).ToJsonString());

        Assert.Equal((429, "1"), ((int)first.StatusCode, first.Headers.RetryAfter?.ToString()));
        Assert.Equal((429, null), ((int)second.StatusCode, second.Headers.RetryAfter?.ToString()));
        Assert.Equal("enforced_spend_limit_reached", (await ReadJsonAsync(second))["error"]!["details"]!["error_code"]!.GetValue<string>());
        Assert.Equal(529, (int)third.StatusCode);
    }

    [Fact]
    public async Task A_request_that_never_gets_headers_ends_when_its_client_leaves()
    {
        _api.Enqueue(ScriptedReply.StallBeforeHeaders());
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var pending = PostAsync(Of(null, User("a")).ToJsonString(), cancellationToken: leave.Token);
        var request = await _api.WaitForRequestsAsync(1, Limit);
        await request.Silent.WaitAsync(Limit, CancellationToken);

        await leave.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
        Assert.Equal(RequestEnd.ClientLeft, await request.Ended.WaitAsync(Limit, CancellationToken));
    }

    [Fact]
    public async Task It_stops_at_once_with_a_stream_stalled_and_comes_back_on_the_same_port()
    {
        _api.Enqueue(ScriptedReply.StallBeforeHeaders());
        var pending = PostAsync(Of(null, User("a")).ToJsonString());
        var request = await _api.WaitForRequestsAsync(1, Limit);
        await request.Silent.WaitAsync(Limit, CancellationToken);

        await _api.DisposeAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => pending);
        _api = await LoopbackMessagesApi.StartAsync(new() { Port = _api.Port });

        using var response = await PostAsync(Of(null, User("again")).ToJsonString());
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static string Body(string fields, string messages) =>
        $$"""{"model":"claude-opus-5-5","max_tokens":100,{{fields}}"messages":[{{messages}}]}""";

    private async Task<HttpResponseMessage> PostAsync(
        string body,
        string version = "2026-10-21",
        string path = "v1/messages",
        (string Name, string Value)? header = null,
        CancellationToken? cancellationToken = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_api.Address, path));
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        request.Headers.Add("anthropic-version", version);
        var (name, value) = header ?? ("x-api-key", "right");
        request.Headers.Add(name, value);
        return await _http.SendAsync(request, cancellationToken ?? CancellationToken);
    }

    private static async Task<JsonObject> ReadJsonAsync(HttpResponseMessage response) =>
        JsonSerializer.Deserialize<JsonObject>(await response.Content.ReadAsStringAsync(CancellationToken))!;
}
