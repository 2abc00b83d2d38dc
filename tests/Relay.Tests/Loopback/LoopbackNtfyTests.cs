using System.Globalization;
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
    [InlineData(8_192, HttpStatusCode.OK, 0)]
    [InlineData(8_193, HttpStatusCode.RequestEntityTooLarge, 41303)]
    public async Task The_json_of_a_page_may_have_8192_bytes_as_it_is_sent(int bytes, HttpStatusCode status, int code)
    {
        var beginning = "{\"topic\":\"pages\",\"message\":\"" + string.Concat(Enumerable.Repeat("\\u4e2d", 1_300));
        using var response = await _http.PostAsync(
            "", new StringContent(beginning + "\"}" + new string(' ', bytes - beginning.Length - 2)), CancellationToken);

        Assert.Equal((status, code), (response.StatusCode, await CodeAsync(response)));
    }

    [Theory]
    [InlineData("message", 4_096)]
    [InlineData("title", 1_024)]
    public async Task What_is_as_long_as_it_may_be_is_taken(string field, int length)
    {
        using var response = await PublishAsync(new JsonObject { ["topic"] = "pages", [field] = new string('x', length) });

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(512, 0)]
    [InlineData(513, 40058)]
    public async Task Tags_have_512_bytes_together(int bytes, int code)
    {
        using var response = await PublishAsync(
            new JsonObject { ["topic"] = "pages", ["tags"] = new JsonArray(new string('x', 400), new string('y', bytes - 401)) });

        Assert.Equal(code, await CodeAsync(response));
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(4, 40018)]
    public async Task A_page_has_three_buttons_at_most(int count, int code)
    {
        var actions = new JsonArray([.. Enumerable.Range(1, count).Select(number => (JsonNode)new JsonObject
        {
            ["action"] = "view",
            ["label"] = $"button {number}",
            ["url"] = "https://example.org",
        })]);
        using var response = await PublishAsync(new JsonObject { ["topic"] = "pages", ["actions"] = actions });

        Assert.Equal(code, await CodeAsync(response));
    }

    [Fact]
    public async Task The_daily_quota_has_a_code_of_its_own_among_what_is_429()
    {
        _ntfy.Enqueue(NtfyFault.DailyQuota(), NtfyFault.Status(429));
        using var quota = await PublishAsync(new JsonObject { ["topic"] = "pages" });
        using var rate = await PublishAsync(new JsonObject { ["topic"] = "pages" });

        Assert.Equal((HttpStatusCode.TooManyRequests, 42908), (quota.StatusCode, await CodeAsync(quota)));
        Assert.Equal((HttpStatusCode.TooManyRequests, 42901), (rate.StatusCode, await CodeAsync(rate)));
    }

    [Theory]
    [InlineData("all", 3)]
    [InlineData("none", 0)]
    [InlineData("{first}", 2)]
    [InlineData("{third}", 0)]
    [InlineData("m00000000099", 3)] // An id that it never had.
    [InlineData("xR7_-kLmNoPq", 3)]
    [InlineData("123456789012", 3)]
    [InlineData("{time}", 2)]
    [InlineData("90s", 1)]
    [InlineData("soon", null)]
    public async Task What_is_asked_for_since_something_is_sent_from_there(string since, int? count)
    {
        var first = _ntfy.Say("answers", "one");
        _clock.Advance(TimeSpan.FromMinutes(1));
        var second = _ntfy.Say("answers", "two");
        _clock.Advance(TimeSpan.FromMinutes(2));
        var third = _ntfy.Say("answers", "three");
        var asked = since.Replace("{first}", first.Id, StringComparison.Ordinal).Replace("{third}", third.Id, StringComparison.Ordinal)
            .Replace("{time}", second.ArrivedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        using var response = await _http.GetAsync($"answers/json?poll=1&since={asked}", CancellationToken);

        if (count is null)
            Assert.Equal(40008, await CodeAsync(response));
        else
            Assert.Equal(
                count,
                (await response.Content.ReadAsStringAsync(CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task What_is_older_than_twelve_hours_is_forgotten_and_its_id_with_it()
    {
        var old = _ntfy.Say("answers", "old");
        _clock.Advance(TimeSpan.FromHours(11.5));
        _ntfy.Say("answers", "two");
        _ntfy.Say("answers", "three");
        _clock.Advance(TimeSpan.FromHours(1));

        var kept = await _http.GetStringAsync($"answers/json?poll=1&since={old.Id}", CancellationToken);

        Assert.Equal(2, kept.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static async Task<int> CodeAsync(HttpResponseMessage response) => response.IsSuccessStatusCode ? 0
        : JsonSerializer.Deserialize<JsonObject>(await response.Content.ReadAsStringAsync(CancellationToken))!["code"]!.GetValue<int>();

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
