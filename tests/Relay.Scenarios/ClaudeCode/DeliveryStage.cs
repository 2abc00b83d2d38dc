using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>A session at a terminal that asks the advisor, which asks the operator.</summary>
public abstract class DeliveryStage : ClaudeStage
{
    private protected const string Reply = "The operator says left.";
    private protected const int Soon = 4_000, Never = 600_000;

    private protected async Task<RelayProcess> BeginAsync()
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
    private protected static Task<ClientApi> ModelAsync() => ClientApi.StartAsync(
        turn => IsAsked(turn) && HasTool(turn)
            ? new ClientReply.Uses(turn.ToolNamed("ask_advisor"), Question("Which way?"))
            : new ClientReply.Says("well"));

    private protected async Task<Tmux> OpenAsync(ClientApi model, int backgroundAfter, params string[] options)
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

    private protected static bool IsAsked(ClientTurn turn) => turn.News.Split('\n').Contains("ask now");

    private protected static bool HasTool(ClientTurn turn) => turn.Tools.Contains(turn.ToolNamed("ask_advisor"));

    /// <summary>A client that is asked before it has its tools is asked again.</summary>
    private protected async Task AskAsync(ClientApi model, Tmux terminal)
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

    private protected async Task<Stopwatch> AnswerAsync()
    {
        Assert.True(Home.TrySay("left"));
        var answered = Stopwatch.StartNew();
        await EventuallyAsync("dispatches", $"content = '{Reply}'");
        return answered;
    }

    private protected static async Task SaysAsync(ClientApi model, string text) => await Eventually.ThatAsync(
        Limit,
        () => model.Turns.Any(turn => turn.News.Contains(text, StringComparison.Ordinal)),
        () => $"no session was told: {text}",
        CancellationToken);

    /// <summary>The model was told once, and not again by the next prompt.</summary>
    private protected async Task AssertOnceAsync(ClientApi model, Tmux? terminal, Stopwatch since, string way)
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

    private protected void KillClients() => Kill(process =>
        IsOfThisTest(process) && File.ReadAllText($"/proc/{process}/cmdline").StartsWith(ClientProgram(), StringComparison.Ordinal));
}
