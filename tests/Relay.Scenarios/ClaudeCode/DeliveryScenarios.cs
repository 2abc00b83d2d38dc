using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>Every reply reaches its session, once, whatever its window does meanwhile. The limit after which the client moves a call to the
/// background is lowered, so that a test does not take the two minutes that it has.</summary>
public sealed class DeliveryScenarios : ClaudeStage
{
    private const string Reply = "The operator says left.";
    private const int Soon = 4_000, Never = 600_000;

    /// <summary>What the client asks before it ends while a call is in the background.</summary>
    private const string ExitDialog = "Background work is running", StopAndExit = "1. Exit and stop tasks";

    [Fact]
    public async Task An_answer_after_the_call_went_to_the_background_reaches_the_idle_session_once()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Soon);
        await AskAsync(model, terminal);
        await EventuallyAsync("tool_uses", "task IS NOT NULL");
        await EventuallyAsync("agents", "state = 'idle'");

        var answered = await AnswerAsync();
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        await AssertOnceAsync(model, terminal, answered, "in the background");
    }

    [Fact]
    public async Task What_comes_while_the_exit_dialog_is_open_is_there_when_the_session_goes_on()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using (var terminal = await OpenAsync(model, Soon))
        {
            await AskAsync(model, terminal);
            await EventuallyAsync("agents", "state = 'idle'");
            await terminal.TypeAsync("/exit");
            await terminal.SeesAsync(ExitDialog);
            await AnswerAsync();
            await EventuallyAsync("dispatches", "handed_at IS NOT NULL");
            Assert.Equal(0, await CountAsync("dispatches", "state = 'consumed'"));
            await terminal.SeesAsync(StopAndExit);
            await terminal.PressAsync("Enter");
            await terminal.SeesAsync("ended with");
        }
        Assert.DoesNotContain(model.Turns, turn => turn.Everything.Contains(Reply, StringComparison.Ordinal));

        await using var again = await OpenAsync(model, Soon, "--continue");
        var opened = Stopwatch.StartNew();
        await EventuallyAsync("agents", "state <> 'ended'");
        await again.SeesAsync("❯");
        await again.TypeAsync("go on");
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        await AssertOnceAsync(model, again, opened, "after the exit dialog");
    }

    [Fact]
    public async Task A_session_that_is_moved_to_the_background_has_the_name_and_the_reply()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Soon);
        await AskAsync(model, terminal);
        await EventuallyAsync("agents", "state = 'idle'");
        await terminal.TypeAsync("/exit");
        await terminal.SeesAsync(ExitDialog);
        await terminal.PressAsync("Down");
        await terminal.PressAsync("Enter");
        await EventuallyAsync("agents", "state = 'ended'");
        try
        {
            await EventuallyAsync("agents", "session_id = 'project' AND state <> 'ended' AND owns_name = 1");
            var answered = await AnswerAsync();
            await SaysAsync(model, Reply);

            await EventuallyAsync("dispatches", "state = 'consumed'");
            await AssertOnceAsync(model, terminal: null, answered, "to its fork");
        }
        finally
        {
            KillClients();
        }
    }

    [Theory]
    [InlineData("--continue")]
    [InlineData(null)]
    public async Task A_window_that_is_killed_frees_its_name_and_the_next_has_its_reply(string? option)
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using (var terminal = await OpenAsync(model, Soon))
        {
            await AskAsync(model, terminal);
            await EventuallyAsync("agents", "state = 'idle' AND client IS NOT NULL");
            KillClients();
            await terminal.SeesAsync("ended with");
        }
        await AnswerAsync();

        await using var next = await OpenAsync(model, Soon, option is null ? [] : [option]);
        var opened = Stopwatch.StartNew();
        await next.SeesAsync("❯");
        await next.TypeAsync("go on");
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        Assert.Equal(0, await CountAsync("sessions", "session_id = 'project-2'"));
        await AssertOnceAsync(model, next, opened, "after a kill");
    }

    [Theory]
    [InlineData("/clear")]
    [InlineData("/compact")]
    public async Task What_the_user_does_to_the_conversation_does_not_keep_the_reply_from_it(string command)
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Soon);
        await AskAsync(model, terminal);
        await EventuallyAsync("agents", "state = 'idle'");
        await terminal.TypeAsync(command);
        await terminal.SeesAsync(command == "/clear" ? "❯" : "Compacted");
        if (command == "/clear")
            await EventuallyAsync("agents", "state = 'ended'");

        var answered = await AnswerAsync();
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        Assert.Equal(0, await CountAsync("sessions", "session_id = 'project-2'"));
        await AssertOnceAsync(model, terminal, answered, "after " + command);
    }

    [Fact]
    public async Task An_interrupted_call_leaves_an_idle_session_that_is_woken_by_the_reply()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Never);
        await AskAsync(model, terminal);
        await terminal.PressAsync("Escape");
        await terminal.SeesAsync("Interrupted");
        await EventuallyAsync("agents", "state = 'idle'");

        var answered = await AnswerAsync();
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        await AssertOnceAsync(model, terminal, answered, "after Esc");
        var log = await File.ReadAllTextAsync(Home.Paths.LogFile, CancellationToken);
        Assert.DoesNotContain("ModelContextProtocol", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_kill_of_the_relay_in_the_middle_of_a_call_the_reply_reaches_the_idle_session()
    {
        var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Soon);
        await AskAsync(model, terminal);
        await EventuallyAsync("agents", "state = 'idle'");
        await relay.KillAsync();
        await using var next = await StartRelayAsync();

        var answered = await AnswerAsync();
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        await AssertOnceAsync(model, terminal, answered, "after a kill of the relay");
    }

    [Fact]
    public async Task After_continue_a_waiter_is_always_there()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using (var terminal = await OpenAsync(model, Soon))
        {
            await terminal.TypeAsync("hello");
            await EventuallyAsync("agents", "state = 'idle' AND stops > 0");
        }
        await EventuallyAsync("agents", "state = 'ended'");
        for (var run = 1; run <= 4; run++)
        {
            await using (var terminal = await OpenAsync(model, Soon, "--continue"))
            {
                await EventuallyAsync("agents", "state = 'idle'");
                var said = Stopwatch.StartNew();
                Assert.True(Home.TrySay($"@project: word {run}"));
                await SaysAsync(model, $"word {run}");
                TestContext.Current.SendDiagnosticMessage($"after --continue, run {run}: {said.Elapsed.TotalSeconds:0.0} s");
            }
            await EventuallyAsync("agents", "state = 'ended'");
        }
    }

    private async Task<RelayProcess> BeginAsync()
    {
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Left or right?"), ScriptedReply.Text(Reply), ScriptedReply.Text(Reply));
        var relay = await StartRelayAsync();
        await ConnectAsync();
        var settings = Path.Combine(Project, ".claude", "settings.local.json");
        var local = JsonNode.Parse(await File.ReadAllTextAsync(settings, CancellationToken))!.AsObject();
        local["enabledMcpjsonServers"] = new JsonArray("relay");
        await File.WriteAllTextAsync(settings, local.ToJsonString(new JsonSerializerOptions()), CancellationToken);
        return relay;
    }

    /// <summary>Asks when it is told to, and else has nothing to say.</summary>
    private static Task<ClientApi> ModelAsync() => ClientApi.StartAsync(
        turn => IsAsked(turn) && HasTool(turn)
            ? new ClientReply.Uses(turn.ToolNamed("ask_advisor"), Question("Which way?"))
            : new ClientReply.Says("well"));

    private async Task<Tmux> OpenAsync(ClientApi model, int backgroundAfter, params string[] options)
    {
        var client = Client(model);
        client.Seed(Project);
        var environment = new Dictionary<string, string>(client.Environment)
        {
            ["CLAUDE_CODE_MCP_AUTO_BACKGROUND_MS"] = backgroundAfter.ToString(CultureInfo.InvariantCulture),
        };
        string[] tools = ["--allowedTools", "mcp__relay__ask_advisor,mcp__relay__check_replies"];
        var terminal = await Tmux.StartAsync(Project, environment, [ClientProgram(), .. tools, .. options]);
        await terminal.SeesAsync("❯");
        return terminal;
    }

    private static bool IsAsked(ClientTurn turn) => turn.News.Split('\n').Contains("ask now");

    private static bool HasTool(ClientTurn turn) => turn.Tools.Contains(turn.ToolNamed("ask_advisor"));

    /// <summary>A client that is asked before it has its tools is asked again.</summary>
    private async Task AskAsync(ClientApi model, Tmux terminal)
    {
        await EventuallyAsync("agents", "state = 'idle'");
        for (var times = 1; !model.Turns.Any(turn => IsAsked(turn) && HasTool(turn)); times++)
        {
            Assert.True(times < 20, "the client has no tools");
            await terminal.TypeAsync("ask now");
            await Eventually.ThatAsync(
                Limit, () => model.Turns.Count(IsAsked) >= times, () => "the prompt did not come", CancellationToken);
        }
        await PagedAsync("[NEEDS-JC]");
    }

    private async Task<Stopwatch> AnswerAsync()
    {
        Assert.True(Home.TrySay("left"));
        var answered = Stopwatch.StartNew();
        await EventuallyAsync("dispatches", $"content = '{Reply}'");
        return answered;
    }

    private async Task SaysAsync(ClientApi model, string text) => await Eventually.ThatAsync(
        Limit,
        () => model.Turns.Any(turn => turn.News.Contains(text, StringComparison.Ordinal)),
        () => $"no session was told: {text}",
        CancellationToken);

    /// <summary>The model was told once, and not again by the next prompt.</summary>
    private async Task AssertOnceAsync(ClientApi model, Tmux? terminal, Stopwatch since, string way)
    {
        var told = since.Elapsed;
        if (terminal is not null)
        {
            await terminal.TypeAsync("anything else?");
            await Eventually.ThatAsync(
                Limit,
                () => model.Turns.Any(turn => turn.News.Contains("anything else?", StringComparison.Ordinal)),
                () => "the prompt did not come",
                CancellationToken);
        }
        var times = model.Turns.Count(turn => turn.News.Contains(Reply, StringComparison.Ordinal));
        TestContext.Current.SendDiagnosticMessage($"{way}: told {times} time, {told.TotalSeconds:0.0} s");
        Assert.Equal(1, times);
        Assert.Equal(1, await CountAsync("dispatches"));
    }

    protected override void CleanUp()
    {
        Kill(IsOfThisTest); // A client that was told to end still writes into its home.
        base.CleanUp();
    }

    private void KillClients() => Kill(process =>
        IsOfThisTest(process) && File.ReadAllText($"/proc/{process}/cmdline").StartsWith(ClientProgram(), StringComparison.Ordinal));

    private static void Kill(Func<int, bool> isMeant)
    {
        foreach (var process in Process.GetProcesses())
            using (process)
                if (IsMeant(process.Id, isMeant))
                {
                    process.Kill();
                    process.WaitForExit(Limit);
                }
    }

    private bool IsOfThisTest(int process) =>
        File.ReadAllText($"/proc/{process}/environ").Contains($"HOME={Folder("user")}\0", StringComparison.Ordinal);

    private static bool IsMeant(int process, Func<int, bool> isMeant)
    {
        try
        {
            return isMeant(process);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
