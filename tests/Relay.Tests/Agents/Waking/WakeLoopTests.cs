using Relay.Agents;
using Relay.Agents.Hooks;
using Relay.Agents.Waking;
using Relay.Cli;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Waking;

public sealed class WakeLoopTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-wake-");

    private const string Id = "0c8f2b11-3f7e-4f0e-9d6a-3f9f4f9a0a9e";

    private string Woken => Path.Combine(_folder.FullName, "woken");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_headless_session_is_woken_once_with_everything_that_came_late()
    {
        await using var relay = await RunningRelay.StartAsync(
            Wake("sh -c 'echo $0 >> woken; cat >> woken; echo; echo done' {claude_session_id}"));
        var claude = await StoppedAfterQuestionAsync(relay);

        await relay.AnswerAsync("left");
        await relay.RepliesWaitAsync(1);
        await relay.SayToAsync(claude.Name!, "And hurry.");
        await relay.ConsumedAsync(2);

        Assert.Equal(
            Id + "\nTake the left one.\n\n[operator JC]\nAnd hurry.",
            await File.ReadAllTextAsync(Woken, TestContext.Current.CancellationToken));
        Assert.Equal(["exit 0, done"], await StoriesAsync(relay, "woken"));
    }

    [Fact]
    public async Task A_failure_is_told_and_leaves_the_reply_for_the_next_prompt()
    {
        await using var relay = await RunningRelay.StartAsync(Wake("sh -c 'echo no credit >&2; exit 3'"));
        var claude = await StoppedAfterQuestionAsync(relay);

        await relay.AnswerAsync("left");
        await Until.TrueAsync(async () => (await StoriesAsync(relay, "wake failed")).Count > 0, "the failure");

        Assert.Equal(["exit 3, no credit"], await StoriesAsync(relay, "wake failed"));
        Assert.EndsWith("Take the left one.", await claude.ContextAsync("UserPromptSubmit"), StringComparison.Ordinal);
        await relay.HandedAsync(1);
    }

    [Fact]
    public async Task A_session_that_only_says_where_it_works_is_not_woken_until_that_folder_was_connected()
    {
        await using var relay = await RunningRelay.StartAsync(WakeNowhere("sh -c 'touch woken'"));
        await StoppedAfterQuestionAsync(relay);

        await relay.AnswerAsync("left");
        await Until.TrueAsync(async () => (await StoriesAsync(relay, "wake failed")).Count > 0, "the refusal");

        Assert.Contains("relay connect claude-code --project", Assert.Single(await StoriesAsync(relay, "wake failed")));
        Assert.False(File.Exists(Woken));
    }

    [Fact]
    public async Task Where_connect_has_connected_a_project_its_sessions_are_woken_and_after_disconnect_no_longer()
    {
        await using var relay = await RunningRelay.StartAsync(WakeNowhere("true"));
        var project = _folder.FullName;
        var agent = new Agent(Id, SessionId.Stored("shop"), project, AgentState.Idle, 0, 0, DateTimeOffset.UnixEpoch);
        Assert.NotNull(WakeLine.Of(relay.Get<SettingsSource>().Current)!.Refusal(agent));

        await RunAsync(relay, "connect", "claude-code", "--project", project);
        Assert.Null(WakeLine.Of(relay.Get<SettingsSource>().Current)!.Refusal(agent));
        await RunAsync(relay, "disconnect", "claude-code", "--project", project);

        Assert.NotNull(WakeLine.Of(relay.Get<SettingsSource>().Current)!.Refusal(agent));

        static async Task RunAsync(RunningRelay relay, params string[] arguments)
        {
            var context = new CommandContext(new Dictionary<string, string>(), TextWriter.Null, TextWriter.Null);
            Assert.Equal(0, await CommandLine.RunAsync([.. arguments, "--home", relay.Home.Root], context));
        }
    }

    [Fact]
    public async Task A_session_that_somebody_waits_for_is_left_to_its_waiter()
    {
        await using var relay = await RunningRelay.StartAsync(Wake("sh -c 'touch woken'"));
        var claude = await StoppedAfterQuestionAsync(relay);
        var waiter = claude.WaitAsync();

        await relay.AnswerAsync("left");

        Assert.Equal("Take the left one.", (await waiter).Text);
        await relay.HandedAsync(1);
        Assert.False(File.Exists(Woken));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_woken_session_gets_its_connections_token_and_never_the_operators(bool wasConnected)
    {
        await using var relay = await RunningRelay.StartAsync(
            Wake("sh -c 'cat > /dev/null; echo \"$RELAY_SESSION_TOKEN $RELAY_TOKEN\" > woken'"));
        var book = new ConnectionBook(relay.Home, TimeProvider.System);
        var token = wasConnected ? (await book.OpenAsync("shop", folder: null, TestContext.Current.CancellationToken)).Token : null;
        await StoppedAfterQuestionAsync(relay, token);
        await relay.AnswerAsync("left");
        await relay.ConsumedAsync(1);

        var expected = (await book.OpenAsync("shop", folder: null, TestContext.Current.CancellationToken)).Token;
        Assert.Equal($"{expected} \n", await File.ReadAllTextAsync(Woken, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_session_whose_connection_was_revoked_is_not_woken()
    {
        await using var relay = await RunningRelay.StartAsync(Wake("sh -c 'touch woken'"));
        var book = new ConnectionBook(relay.Home, TimeProvider.System);
        var (entry, token) = await book.OpenAsync("shop", folder: null, TestContext.Current.CancellationToken);
        var claude = await StoppedAfterQuestionAsync(relay, token);

        await book.RevokeAsync("shop", TestContext.Current.CancellationToken);
        var agent = await relay.AgentAsync(claude);

        Assert.Equal(("shop", "shop"), (agent.Connection, entry.Name));
        Assert.Null(await relay.Get<AgentTokens>().OfAsync(agent, TestContext.Current.CancellationToken));
        Assert.NotNull(book.List()[0].RevokedAt);
    }

    /// <summary>It would be paid for the turn to say the same a third time.</summary>
    [Fact]
    public async Task A_headless_session_is_not_woken_for_a_reply_that_brings_nothing_new()
    {
        await using var relay = await RunningRelay.StartAsync(Wake("sh -c 'cat > woken'"));
        relay.Api.Enqueue(ScriptedReply.Text("Go on."), ScriptedReply.StallBeforeHeaders("Go on."));
        var claude = new ClaudeSession(relay, Id, _folder.FullName) { Mode = "relay", Name = "shop" };
        Assert.NotNull(ClaudeSession.GoesOnWith(await claude.StopAsync("Same.")));
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var stop = claude.StopAsync("Same.", leave.Token);
        await (await relay.Api.WaitForRequestsAsync(2, RunningRelay.Patience)).Silent;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stop);
        await claude.HookAsync("SessionEnd", new { reason = "other" });

        relay.Api.ReleaseStalled();
        await Until.TrueAsync(
            () => File.Exists(Woken) || relay.Ntfy.Pages.Any(page => page.Title.Contains("stopped by itself", StringComparison.Ordinal)),
            "the page or the command");

        Assert.False(File.Exists(Woken));
        Assert.EndsWith("Go on.", await claude.ContextAsync("UserPromptSubmit"), StringComparison.Ordinal); // It is not lost.
    }

    private string Wake(string command) => WakeNowhere(command) + $"  wake_in: [{_folder.FullName}]\n";

    private static string WakeNowhere(string command) =>
        $"agents:\n  wake: {System.Text.Json.JsonSerializer.Serialize(command, HookAnswer.Json)}\n";

    private async Task<ClaudeSession> StoppedAfterQuestionAsync(RunningRelay relay, string? token = null)
    {
        relay.Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"), ScriptedReply.Text("Take the left one."));
        var claude = new ClaudeSession(relay, Id, _folder.FullName) { Mode = "relay", Name = "shop", Token = token };
        await claude.StopAsync("Which way?");
        await relay.OpenQuestionAsync();
        return claude;
    }

    private static Task<List<string>> StoriesAsync(RunningRelay relay, string state) => relay.Get<Database>().ReadAsync(
        reading => reading.Sql("SELECT detail FROM message_events WHERE state = @state").With("@state", state)
            .ListAsync(row => row.Text(), TestContext.Current.CancellationToken),
        TestContext.Current.CancellationToken);
}
