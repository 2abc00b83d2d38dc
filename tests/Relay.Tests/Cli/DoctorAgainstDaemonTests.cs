using Microsoft.AspNetCore.Http;
using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Advisor.Anthropic;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>Doctor's own requests are others than the daemon's: where they differ, what the daemon has met counts.</summary>
public sealed class DoctorAgainstDaemonTests : IAsyncLifetime
{
    private const string Web = "<html>nothing here</html>";
    private readonly CliHome _relay = new("listen: 127.0.0.1:0\n", SqlDialect.Sqlite.Name);
    private LoopbackMessagesApi _api = null!;
    private LoopbackNtfy _ntfy = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await LoopbackMessagesApi.StartAsync();
        _ntfy = await LoopbackNtfy.StartAsync();
        _relay.Environment["ANTHROPIC_API_KEY"] = "key";
        _relay.Environment["ANTHROPIC_BASE_URL"] = _api.Address.ToString();
        _relay.Environment["NTFY_SERVER"] = _ntfy.Address.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _api.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Theory]
    [InlineData(401, "", "put a token with the right to write to the topic into .env as NTFY_TOKEN")]
    [InlineData(301, "http://elsewhere.example/", "set NTFY_SERVER to the address it redirects to")]
    [InlineData(413, "", "raise the server's message-size-limit")]
    [InlineData(502, "", "look into its log")]
    public async Task A_healthy_server_that_takes_no_page_is_a_fault_with_the_advice(int status, string location, string fix)
    {
        _ntfy.Always(NtfyFault.Foreign(status, "", location));
        await _relay.StartAsync();
        await UntilStatusAsync(json => json.Contains($"\"HTTP {status}"), "the page that failed");

        var ran = await _relay.RunAsync("doctor", "--json");

        var (state, detail, advice) = Check(ran, "ntfy");
        Assert.Equal("fault", state);
        Assert.Contains($"HTTP {status}", detail);
        Assert.Contains(location, detail);
        Assert.Contains(fix, advice);
    }

    [Fact]
    public async Task What_is_wrong_with_a_questions_page_is_advised_of_the_daemon_too()
    {
        _ntfy.Always(NtfyFault.Status(401));
        _api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which?"));
        await _relay.StartAsync();
        await _relay.RunAsync("send", "--session", "s1", "Hello");
        await UntilStatusAsync(json => json.Contains("the page of a question was not sent"), "the page that failed");

        var (state, detail, advice) = Check(await _relay.RunAsync("doctor", "--json"), "daemon");

        Assert.Equal("fault", state);
        Assert.Contains("the page of a question was not sent: HTTP 401", detail);
        Assert.Contains("NTFY_TOKEN", advice);
    }

    [Fact]
    public async Task A_server_that_takes_every_page_and_says_nothing_of_its_health_is_no_fault()
    {
        await using var other = await RawMessagesApi.StartAsync(async context =>
        {
            if (context.Request.Method == "GET")
            {
                await context.Response.WriteAsync(Web);
                return;
            }
            using var body = await System.Text.Json.JsonDocument.ParseAsync(context.Request.Body);
            var topic = body.RootElement.GetProperty("topic").GetString();
            await context.Response.WriteAsync($$"""{"id":"x","event":"message","topic":"{{topic}}"}""");
        });
        _relay.Environment["NTFY_SERVER"] = other.Address.ToString();
        await _relay.StartAsync();
        await UntilStatusAsync(json => json.Contains("\"pages_unsent\": 0") || json.Contains("\"pages_unsent\":0"), "the page");

        var ran = await _relay.RunAsync("doctor", "--json");

        Assert.Equal((0, "warning"), (ran.Exit, Check(ran, "ntfy").State));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(403)]
    public async Task An_API_whose_calls_come_to_nothing_is_not_called_well(int status)
    {
        await using var gateway = await RawMessagesApi.StartAsync(context =>
        {
            if (context.Request.Method == "GET")
                return context.Response.WriteAsync("""{"data":[]}""");
            context.Response.StatusCode = status;
            return context.Response.WriteAsync(Web);
        });
        _relay.Environment["ANTHROPIC_BASE_URL"] = gateway.Address.ToString();

        var ran = await HeldAsync();

        foreach (var check in (string[])["API", "daemon"])
        {
            var (state, detail, fix) = Check(ran, check);
            Assert.Equal("fault", state);
            Assert.Contains($"HTTP {status}", detail);
            Assert.Contains("orrect ANTHROPIC_BASE_URL in .env, or what stands at that address", fix);
        }
    }

    [Fact]
    public async Task A_message_that_is_held_for_want_of_a_key_says_so()
    {
        _relay.Environment.Remove("ANTHROPIC_API_KEY");

        var ran = await HeldAsync();

        var (state, detail, fix) = Check(ran, "daemon");
        Assert.Equal("fault", state);
        Assert.Contains("ANTHROPIC_API_KEY is not set", detail);
        Assert.Contains("put ANTHROPIC_API_KEY into .env", fix);
        Assert.NotEqual("ok", Check(ran, "API").State);
    }

    private async Task<Ran> HeldAsync()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("send", "--session", "s1", "Hello");
        await UntilStatusAsync(json => json.Contains("a message is held"), "the hold");
        return await _relay.RunAsync("doctor", "--json");
    }

    private Task UntilStatusAsync(Predicate<string> holds, string what) =>
        Until.TrueAsync(async () => holds((await _relay.RunAsync("status", "--json")).Output), what);

    private static (string? State, string Detail, string Fix) Check(Ran ran, string name)
    {
        var check = ran.Json.GetProperty("checks").EnumerateArray().First(each => each.GetProperty("check").GetString() == name);
        var fix = check.GetProperty("fix").GetString() ?? "";
        return (check.GetProperty("state").GetString(), check.GetProperty("detail").GetString()!, fix);
    }
}
