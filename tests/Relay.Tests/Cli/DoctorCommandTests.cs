using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Relay.Cli;
using Relay.Configuration;
using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Advisor.Anthropic;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class DoctorCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("listen: 127.0.0.1:0\n", SqlDialect.Sqlite.Name);
    private LoopbackMessagesApi? _api;
    private LoopbackNtfy? _ntfy;

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await (_api?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_ntfy?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task A_good_home_has_no_fault_running_or_not()
    {
        await ServeAsync("key");

        var before = await _relay.RunAsync("doctor", "--json");
        await _relay.StartAsync();
        var during = await _relay.RunAsync("doctor", "--json");

        Assert.Equal((0, true), (before.Exit, before.Json.GetProperty("healthy").GetBoolean()));
        Assert.Equal((0, "ok"), (during.Exit, State(during, "daemon")));
        Assert.All(["API key", "API", "clock", "ntfy", "database", "folders", ".env"], check => Assert.Equal("ok", State(during, check)));
    }

    [Fact]
    public async Task What_lies_in_queue_and_is_no_regular_file_is_a_warning_that_names_it()
    {
        await ServeAsync("key");
        _relay.Home.CreateFolders();
        File.CreateSymbolicLink(Path.Combine(_relay.Home.Queue, "linked.json"), _relay.Home.ConfigFile);

        var ran = await _relay.RunAsync("doctor", "--json");

        Assert.Equal((0, "warning"), (ran.Exit, State(ran, "queue")));
        Assert.Contains("linked.json", ran.Output);
    }

    [Fact]
    public async Task A_rejected_key_is_a_fault_with_its_fix_and_is_never_shown()
    {
        await ServeAsync("another");

        var ran = await _relay.RunAsync("doctor");

        Assert.Equal(1, ran.Exit);
        Assert.Contains("rejects the key", ran.Output);
        Assert.Contains("fix: make a new key", ran.Output);
        Assert.DoesNotContain("secret-key", ran.Output);
    }

    [Fact]
    public async Task What_cannot_be_reached_is_said()
    {
        await ServeAsync("key");
        await _api!.DisposeAsync();
        await _ntfy!.DisposeAsync();

        var ran = await _relay.RunAsync("doctor", "--json");

        Assert.Equal((1, "fault", "fault", "skipped"), (ran.Exit, State(ran, "API"), State(ran, "ntfy"), State(ran, "clock")));
    }

    [Fact]
    public async Task A_clock_more_than_five_minutes_off_is_a_fault()
    {
        await ServeAsync("key");
        var late = new FakeTimeProvider(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(6));
        var source = ((Loaded.Ok)SettingsSource.Load(_relay.Home, _relay.Environment, generate: false)).Source;

        var findings = await new ServiceChecks(source, late).RunAsync(page: false, call: false, CancellationToken.None);

        Assert.Contains(findings, finding => finding.Check == "clock" && finding.Detail == "6m ahead of the API's");
    }

    [Fact]
    public async Task Secrets_others_can_read_are_a_fault()
    {
        await ServeAsync("key");
        File.SetUnixFileMode(_relay.Home.EnvFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        var ran = await _relay.RunAsync("doctor");

        Assert.Equal(1, ran.Exit);
        Assert.Contains($"fix: chmod 600 {_relay.Home.EnvFile}", ran.Output);
    }

    [Fact]
    public async Task A_damaged_database_is_a_fault()
    {
        await ServeAsync("key");
        const string text = "this is not a database";
        await File.WriteAllTextAsync(_relay.Home.DatabaseFile, text, TestContext.Current.CancellationToken);

        Assert.Equal("fault", State(await _relay.RunAsync("doctor", "--json"), "database"));
    }

    [Fact]
    public async Task A_test_page_goes_straight_to_the_server()
    {
        await ServeAsync("key");

        var ran = await _relay.RunAsync("doctor", "--page", "--json");

        Assert.Equal("ok", State(ran, "test page"));
        Assert.Equal("Relay: test page", Assert.Single(_ntfy!.Pages, page => page.Title.Length > 0).Title);
    }

    [Fact]
    public async Task What_would_be_answered_from_the_phone_comes_back_over_the_answer_topic()
    {
        await ServeAsync("key");
        Assert.Equal("ok", State(await _relay.RunAsync("doctor", "--json"), "answers"));

        _ntfy!.Enqueue(NtfyFault.Status(403));

        Assert.Equal("fault", State(await _relay.RunAsync("doctor", "--json"), "answers"));
    }

    [Fact]
    public async Task A_server_that_refuses_the_test_page_is_a_fault()
    {
        await ServeAsync("key");
        _ntfy!.Enqueue(NtfyFault.Status(429));

        Assert.Equal("fault", State(await _relay.RunAsync("doctor", "--page", "--json"), "test page"));
    }

    [Theory]
    [InlineData(401, "", "put a token")]
    [InlineData(302, "http://elsewhere.example/", "set NTFY_SERVER to the address it redirects to")]
    [InlineData(413, "", "raise the server's message-size-limit")]
    [InlineData(200, "", "something else answers there")]
    public async Task The_advice_about_ntfy_fits_the_fault(int status, string location, string fix)
    {
        await ServeAsync("key");
        _ntfy!.Always(NtfyFault.Foreign(status, "<html></html>", location));

        var ran = await _relay.RunAsync("doctor", "--page");

        Assert.Equal(1, ran.Exit);
        Assert.Contains($"HTTP {status}", ran.Output);
        Assert.Contains(fix, ran.Output);
    }

    [Fact]
    public async Task A_web_page_where_ntfy_should_be_is_a_fault_without_a_page_too()
    {
        await using var web = await RawMessagesApi.StartAsync(context => context.Response.WriteAsync("<html>welcome</html>"));
        await ServeAsync("key");
        _relay.Environment["NTFY_SERVER"] = web.Address.ToString();

        Assert.Equal("fault", State(await _relay.RunAsync("doctor", "--json"), "ntfy"));
    }

    [Theory]
    [InlineData(200, "<html>welcome</html>", "fault")]
    [InlineData(302, "", "fault")]
    [InlineData(403, "<html>blocked</html>", "fault")]
    [InlineData(404, "<html>nothing here</html>", "fault")]
    [InlineData(404, """{"detail":"Not Found"}""", "ok")]
    [InlineData(200, """{"data":[]}""", "ok")]
    public async Task What_answers_in_the_APIs_place_is_seen_by_its_words(int status, string body, string state)
    {
        await using var web = await RawMessagesApi.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/login";
            return context.Response.WriteAsync(body);
        });
        await ServeAsync("key");
        _relay.Environment["ANTHROPIC_BASE_URL"] = web.Address.ToString();

        var ran = await _relay.RunAsync("doctor", "--json");

        Assert.Equal(state, State(ran, "API"));
        Assert.DoesNotContain("rejects the key", ran.Output);
        Assert.DoesNotContain("does not permit", ran.Output);
    }

    [Fact]
    public async Task On_request_one_token_is_asked_for_as_the_daemon_would()
    {
        await ServeAsync("key");

        var good = await _relay.RunAsync("doctor", "--call", "--json");
        _api!.Enqueue(ScriptedReply.LowCredit());
        var poor = await _relay.RunAsync("doctor", "--call");

        Assert.Equal((0, "ok"), (good.Exit, State(good, "API call")));
        Assert.Equal(1, poor.Exit);
        Assert.Contains("credit balance", poor.Output);
        Assert.Contains("fix: buy credit", poor.Output);
        Assert.All(_api.Requests, request => Assert.Equal(1, request.MaxTokens));
        Assert.Equal(2, _api.Requests.Count);
    }

    [Fact]
    public async Task Without_the_request_nothing_is_paid()
    {
        await ServeAsync("key");

        await _relay.RunAsync("doctor");

        Assert.Empty(_api!.Requests);
    }

    [Fact]
    public async Task Faulty_settings_are_told_with_what_else_can_be_checked()
    {
        await using var faulty = new CliHome("modle: x\n", SqlDialect.Sqlite.Name);

        var ran = await faulty.RunAsync("doctor", "--json");

        Assert.Equal((78, "fault"), (ran.Exit, State(ran, "configuration")));
        Assert.Contains("config.yaml:1", ran.Error);
    }

    private async Task ServeAsync(string rightKey)
    {
        _api = await LoopbackMessagesApi.StartAsync(new LoopbackMessagesApiOptions { ApiKey = "secret-" + rightKey });
        _ntfy = await LoopbackNtfy.StartAsync();
        _relay.Environment["ANTHROPIC_API_KEY"] = "secret-key";
        _relay.Environment["ANTHROPIC_BASE_URL"] = _api.Address.ToString();
        _relay.Environment["NTFY_SERVER"] = _ntfy.Address.ToString();
        await _relay.RunAsync("init");
    }

    private static string? State(Ran ran, string check) => ran.Json.GetProperty("checks").EnumerateArray()
        .First(each => each.GetProperty("check").GetString() == check)
        .GetProperty("state").GetString();
}
