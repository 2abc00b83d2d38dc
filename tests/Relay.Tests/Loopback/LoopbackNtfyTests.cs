using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Relay.Loopback;
using Xunit;

namespace Relay.Tests.Loopback;

public sealed class LoopbackNtfyTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _clock = new();
    private readonly HttpClient _http = new();
    private LoopbackNtfy _ntfy = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ntfy = await LoopbackNtfy.StartAsync(new() { Clock = _clock, Token = "tk_right" });
        _http.BaseAddress = _ntfy.Address;
        _http.DefaultRequestHeaders.Authorization = new("Bearer", "tk_right");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _ntfy.DisposeAsync();
    }

    [Fact]
    public async Task A_page_is_kept_with_everything_it_said_and_answered_with_its_id()
    {
        using var response = await PublishAsync(new JsonObject
        {
            ["topic"] = "pages",
            ["title"] = "Frage für dich",
            ["message"] = "May I?",
            ["priority"] = 4,
            ["tags"] = new JsonArray("warning"),
            ["click"] = "https://example.org",
            ["sequence_id"] = "q1",
        });

        var page = await _ntfy.WaitForPageAsync(page => page.Title == "Frage für dich", Limit);
        var answer = JsonSerializer.Deserialize<JsonObject>(await response.Content.ReadAsStringAsync(CancellationToken))!;
        Assert.Equal(page.Id, answer["id"]!.GetValue<string>());
        Assert.Equal(("pages", "May I?", 4, "q1"), (page.Topic, page.Message, page.Priority, page.SequenceId));
        Assert.Equal(("https://example.org", "Bearer tk_right"), (page.Click, page.Authorization));
    }

    [Theory]
    [InlineData("message", 4_097, 40014)]
    [InlineData("title", 1_025, 40057)]
    public async Task What_is_too_long_is_refused_with_its_code(string field, int length, int code)
    {
        using var response = await PublishAsync(new JsonObject { ["topic"] = "pages", [field] = new string('x', length) });

        var error = JsonSerializer.Deserialize<JsonObject>(await response.Content.ReadAsStringAsync(CancellationToken))!;
        Assert.Equal((HttpStatusCode.BadRequest, code), (response.StatusCode, error["code"]!.GetValue<int>()));
        Assert.Empty(_ntfy.Pages);
    }

    [Fact]
    public async Task A_wrong_token_is_unauthorized_and_none_is_forbidden()
    {
        _http.DefaultRequestHeaders.Authorization = new("Bearer", "tk_wrong");
        using var wrong = await PublishAsync(new JsonObject { ["topic"] = "pages" });
        _http.DefaultRequestHeaders.Authorization = null;
        using var none = await PublishAsync(new JsonObject { ["topic"] = "pages" });

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (wrong.StatusCode, none.StatusCode));
    }

    [Fact]
    public async Task Scripted_faults_hit_one_publish_each()
    {
        _ntfy.Enqueue(NtfyFault.Status(429, "7"), NtfyFault.CutAfterAccepting());

        using var refused = await PublishAsync(new JsonObject { ["topic"] = "pages", ["message"] = "first" });
        await Assert.ThrowsAsync<HttpRequestException>(() => PublishAsync(new JsonObject { ["topic"] = "pages", ["message"] = "second" }));
        using var accepted = await PublishAsync(new JsonObject { ["topic"] = "pages", ["message"] = "third" });

        Assert.Equal("7", refused.Headers.RetryAfter?.ToString());
        Assert.Equal(["second", "third"], _ntfy.Pages.Select(page => page.Message));
    }

    [Fact]
    public async Task A_page_with_the_same_sequence_replaces_the_one_before_and_deleting_it_clears_the_phone()
    {
        await PublishAsync(new JsonObject { ["topic"] = "pages", ["message"] = "old", ["sequence_id"] = "q1" });
        await PublishAsync(new JsonObject { ["topic"] = "pages", ["message"] = "new", ["sequence_id"] = "q1" });
        Assert.Equal("new", Assert.Single(_ntfy.Showing).Message);

        await _http.DeleteAsync("pages/q1", CancellationToken);

        Assert.Empty(_ntfy.Showing);
    }

    [Fact]
    public async Task A_subscriber_gets_what_it_missed_then_what_comes_until_it_is_dropped()
    {
        var seen = _ntfy.Say("answers", "seen");
        _ntfy.Say("answers", "missed");
        _ntfy.Say("elsewhere", "not for us");
        using var reader = new StreamReader(await _http.GetStreamAsync($"answers/json?since={seen.Id}", CancellationToken));

        Assert.Equal("open", (await ReadAsync(reader))["event"]!.GetValue<string>());
        Assert.Equal("missed", (await ReadAsync(reader))["message"]!.GetValue<string>());
        _ntfy.Say("answers", "live");
        Assert.Equal("live", (await ReadAsync(reader))["message"]!.GetValue<string>());

        _ntfy.DropSubscribers();
        await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(reader));
    }

    [Fact]
    public async Task A_poll_ends_after_the_kept_messages()
    {
        _ntfy.Say("answers", "one");
        _clock.Advance(TimeSpan.FromMinutes(20));
        _ntfy.Say("answers", "two");

        var all = await _http.GetStringAsync("answers/json?poll=1", CancellationToken);
        var recent = await _http.GetStringAsync("answers/json?poll=1&since=10m", CancellationToken);

        Assert.Equal(2, all.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("two", Assert.Single(recent.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tap_on_a_button_publishes_to_the_topic_of_its_action()
    {
        await PublishAsync(new JsonObject
        {
            ["topic"] = "pages",
            ["message"] = "May I?",
            ["actions"] = new JsonArray(new JsonObject
            {
                ["action"] = "http",
                ["label"] = "Yes",
                ["url"] = new Uri(_ntfy.Address, "answers").ToString(),
                ["headers"] = new JsonObject { ["Authorization"] = "Bearer tk_right" },
                ["body"] = "q1 yes",
            }),
        });

        var status = await Phone.TapAsync(_ntfy.Pages[0], "Yes", CancellationToken);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(("answers", "q1 yes"), (_ntfy.Pages[1].Topic, _ntfy.Pages[1].Message));
    }

    private Task<HttpResponseMessage> PublishAsync(JsonObject message) => _http.PostAsJsonAsync("", message, CancellationToken);

    private static async Task<JsonObject> ReadAsync(StreamReader reader) =>
        JsonSerializer.Deserialize<JsonObject>((await reader.ReadLineAsync(CancellationToken))!)!;
}
