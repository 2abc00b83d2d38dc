using System.Text;
using System.Text.Json.Nodes;
using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator.Pages;

/// <summary>Sent means that the server's own JSON says so, and what a server refuses for good is not sent for ever.</summary>
public sealed class NtfyAnswerTests : IAsyncLifetime
{
    private const string WebApp = "<!DOCTYPE html><html><title>ntfy web</title></html>";
    private LoopbackNtfy _ntfy = null!;
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ntfy = await LoopbackNtfy.StartAsync();
        _relay = await TempRelay.CreateAsync(ntfy: _ntfy.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_a_fault_that_names_the_address_and_is_not_followed(int status)
    {
        await using var target = await LoopbackNtfy.StartAsync();
        _ntfy.Always(NtfyFault.Foreign(status, "", $"{target.Address}app"));

        await SendAsync("title", "text");

        Assert.Empty(target.Attempts);
        Assert.Single(_ntfy.Attempts);
        var (count, error, _) = await UnsentAsync();
        Assert.Equal((1, $"HTTP {status}: it redirects to {target.Address}app"), (count, error));
    }

    [Theory]
    [InlineData(WebApp)]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("ok")]
    [InlineData("""{"id":"x","event":"message","topic":"another"}""")]
    [InlineData("""{"id":"x","event":"keepalive","topic":"TOPIC"}""")]
    [InlineData("""{"event":"message","topic":"TOPIC"}""")]
    [InlineData("""{"id":7,"event":"message","topic":"TOPIC"}""")]
    [InlineData("""["message"]""")]
    public async Task A_200_that_is_not_the_servers_own_word_about_our_topic_is_not_sent(string body)
    {
        _ntfy.Always(NtfyFault.Foreign(200, body.Replace("TOPIC", _relay.Settings.Current.Secrets.NtfyTopic, StringComparison.Ordinal)));

        await SendAsync("title", "text");

        var (count, error, _) = await UnsentAsync();
        Assert.Equal(1, count);
        Assert.StartsWith("HTTP 200, but this is no ntfy server's answer", error, StringComparison.Ordinal);
        _ntfy.Always(null);
        await LaterAsync();
        Assert.Single(_ntfy.Pages);
    }

    [Theory]
    [InlineData("汉", 1_365)] // 3 bytes each, 6 when escaped
    [InlineData("🙂", 1_024)] // 4 bytes each, 12 when escaped
    [InlineData("é", 2_048)]
    [InlineData("<", 4_096)]
    public async Task Nothing_is_escaped_that_need_not_be(string character, int count)
    {
        var text = string.Concat(Enumerable.Repeat(character, count));

        await SendAsync(character, text);

        Assert.Equal(text, Assert.Single(_ntfy.Pages).Message);
        Assert.Contains(text, Assert.Single(_ntfy.Attempts), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\"")]
    [InlineData("\u0001")]
    [InlineData("🙂\n")]
    public async Task A_text_is_cut_by_what_it_takes_on_the_way_and_says_what_shows_all(string part)
    {
        await SendAsync(string.Concat(Enumerable.Repeat(part, 500)), string.Concat(Enumerable.Repeat(part, 5_000)), PageCause.Question(3));

        var page = Assert.Single(_ntfy.Pages);
        Assert.EndsWith("relay questions shows all (cut)", page.Message, StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(Assert.Single(_ntfy.Attempts)), 4_000, 8_191);
    }

    [Fact]
    public async Task What_cannot_be_seen_is_sent_as_its_code()
    {
        await SendAsync("title\nof \u202etwo", "a\u202e\u200b\u001b[2J\u2028\u009b\nb");

        var page = Assert.Single(_ntfy.Pages);
        Assert.Equal(@"title\u000aof \u202etwo", page.Title);
        Assert.Equal(@"a\u202e\u200b\u001b[2J\u2028\u009b" + "\nb", page.Message);
    }

    [Fact]
    public async Task A_cut_takes_no_character_apart()
    {
        const string family = "👨‍👩‍👧‍👦";
        await SendAsync("title", string.Concat(Enumerable.Repeat(family, 500)));

        var message = Assert.Single(_ntfy.Pages).Message;
        var kept = message[..message.IndexOf(" … ", StringComparison.Ordinal)];
        Assert.Equal("", kept.Replace(family, "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(413)]
    [InlineData(422)]
    public async Task A_text_the_server_refuses_goes_out_as_its_title_alone(int status)
    {
        _ntfy.Enqueue(NtfyFault.Status(status));

        await SendAsync("the title", "what the server does not like", PageCause.Question(3));

        var page = Assert.Single(_ntfy.Pages);
        Assert.Equal(("the title", "…"), (page.Title, page.Message));
        Assert.Equal(0, (await UnsentAsync()).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("Left?")]
    [InlineData("Which of the two?")]
    [InlineData("\n\n")]
    public async Task What_is_sent_in_place_of_a_refused_text_is_never_longer_than_it(string text)
    {
        _ntfy.Always(NtfyFault.Status(413));

        await SendAsync("the title", text, PageCause.Question(3));

        var sizes = _ntfy.Attempts.Select(Encoding.UTF8.GetByteCount).ToList();
        Assert.Equal(2, sizes.Count);
        Assert.True(sizes[1] <= sizes[0], $"{sizes[1]} bytes after {sizes[0]}");
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    [InlineData(422)]
    public async Task What_even_the_title_does_not_mend_stays_unsent_and_shown_and_is_not_repeated(int status)
    {
        _ntfy.Always(NtfyFault.Status(status));
        await SendAsync("title", "text");

        for (var hour = 0; hour < 5; hour++)
            await LaterAsync();

        Assert.Equal(2, _ntfy.Attempts.Count);
        var status1 = await _relay.StatusAsync();
        Assert.Equal(1, status1.PagesUnsent);
        Assert.StartsWith($"HTTP {status}", status1.PageError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stayed_unsent_goes_out_at_the_next_start()
    {
        _ntfy.Always(NtfyFault.Status(413));
        await SendAsync("title", "text");
        _ntfy.Always(null);

        await _relay.RestartAsync();
        await _relay.RunAsync<Pager>();

        Assert.Equal("text", Assert.Single(_ntfy.Pages).Message);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(429)]
    public async Task What_is_not_the_pages_fault_is_tried_again_as_it_is(int status)
    {
        _ntfy.Always(NtfyFault.Status(status));
        await SendAsync("title", "text");
        await LaterAsync();
        Assert.Equal(2, _ntfy.Attempts.Count);
        _ntfy.Always(null);

        await LaterAsync();

        Assert.Equal("text", Assert.Single(_ntfy.Pages).Message);
    }

    [Fact]
    public async Task A_time_that_was_stored_under_a_clock_ahead_is_no_reason_to_wait()
    {
        _ntfy.Enqueue(NtfyFault.Status(500));
        await SendAsync("title", "text");
        await _relay.WriteAsync(writing => writing.Sql("UPDATE pages SET due_at = due_at + 7200000").ExecuteAsync(CancellationToken));

        await _relay.RunAsync<Pager>();

        Assert.Single(_ntfy.Pages);
    }

    [Fact]
    public async Task A_user_and_password_in_the_address_are_sent()
    {
        var address = new UriBuilder(_ntfy.Address) { UserName = "relay", Password = "p%40ss" }.Uri;
        await using var relay = await TempRelay.CreateAsync(ntfy: address);
        await relay.WriteAsync(writing => PageStore.QueueAsync(writing, new NewPage(PageCause.Stuck, "t", "b", 3, ""), CancellationToken));

        await relay.RunAsync<Pager>();

        var sent = Assert.Single(_ntfy.Pages).Authorization!;
        Assert.StartsWith("Basic ", sent, StringComparison.Ordinal);
        Assert.Equal("relay:p@ss", Encoding.UTF8.GetString(Convert.FromBase64String(sent["Basic ".Length..])));
    }

    [Fact]
    public void What_is_sent_is_JSON_whatever_is_in_it()
    {
        var all = string.Concat(Enumerable.Range(0, 0x180).Select(code => (char)code)) + "\uD800 🙂 \u2028";
        var page = new QueuedPage("id", PageCause.Stuck, all, all, 4, "a,b", 0);

        var json = JsonNode.Parse(PageJson.Whole(page, new PageAddress("topic", "", Authorization: null)))!;

        Assert.Equal(all.Replace('\uD800', '\uFFFD'), (string?)json["message"]);
        Assert.Equal(["a", "b"], json["tags"]!.AsArray().Select(tag => (string?)tag));
    }

    private async Task SendAsync(string title, string text, PageCause? cause = null)
    {
        await _relay.WriteAsync(writing =>
            PageStore.QueueAsync(writing, new NewPage(cause ?? PageCause.Stuck, title, text, Priority: 4, "warning"), CancellationToken));
        await _relay.RunAsync<Pager>();
    }

    private async Task LaterAsync()
    {
        _relay.Clock.Advance(TimeSpan.FromHours(1));
        await _relay.RunAsync<Pager>();
    }

    private Task<Unsent> UnsentAsync() => _relay.ReadAsync(reading => PageStore.UnsentAsync(reading, CancellationToken));
}
