using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>Plans and permissions, asked by the real client in its terminal interface.</summary>
public sealed partial class AskedScenarios : ClaudeStage
{
    private const string Plan = "# Plan\n\n1. Move the store.\n2. Tell nobody.";

    [Fact]
    public async Task A_plan_is_sent_back_with_words_and_then_approved_as_edited()
    {
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--permissions");
        await using var model = await ClientApi.StartAsync(turn => turn.Number <= 2 ? PlanIt(turn) : new ClientReply.Says("heard"));
        await using var terminal = await ClaudeTerminal.OpenAsync(
            Client(model), Project, CancellationToken, "--permission-mode", "plan");

        await terminal.SayAsync("plan it", CancellationToken);
        var page = await PagedAsync("has a plan to approve (#1)");
        Assert.Contains("2. Tell nobody.", page.Message, StringComparison.Ordinal);
        await RelayAsync("answer", "1", "tell everybody first");
        await TurnsAsync(model, 2, terminal);
        Assert.Contains("The operator sends the plan back: tell everybody first", model.Turns[1].News, StringComparison.Ordinal);
        await PagedAsync("has a plan to approve (#2)");
        var watch = Stopwatch.StartNew();
        var said = await RelayAsync("answer", "2", "edited and accept edits: # Plan\n\n1. Tell everybody.\n2. Move the store.");
        await TurnsAsync(model, 3, terminal);
        var took = watch.Elapsed;

        Assert.Contains("approved as edited, and edits are accepted from now on", said, StringComparison.Ordinal);
        Assert.Contains("Approved Plan (edited by user)", model.Turns[2].News, StringComparison.Ordinal);
        Assert.Contains("1. Tell everybody.", model.Turns[2].News, StringComparison.Ordinal);
        await terminal.SeesAsync("accept edits on", CancellationToken);
        Say($"plan: from `relay answer` to the model's next request {took.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task What_is_allowed_always_is_written_as_it_was_shown_and_the_next_use_is_not_asked_about()
    {
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--permissions");
        await using var model = await ClientApi.StartAsync(
            turn => turn.Number <= 2 ? Bash(turn.Number == 1 ? "make all" : "make all -j2") : new ClientReply.Says("heard"));
        await using var terminal = await ClaudeTerminal.OpenAsync(
            Client(model), Project, CancellationToken, "--permission-mode", "manual");

        await terminal.SayAsync("build", CancellationToken);
        var page = await PagedAsync("may it use Bash?");
        var watch = Stopwatch.StartNew();
        var said = await RelayAsync("answer", "1", "always project");
        await TurnsAsync(model, 3, terminal);
        var took = watch.Elapsed;

        Assert.Matches(@"always 1: allow Bash\(make.*\), written to \.claude/settings\.local\.json of this project", page.Message);
        Assert.Contains("allowed always", said, StringComparison.Ordinal);
        var rule = Regex.Match(page.Message, @"allow (Bash\(.*\)),").Groups[1].Value;
        var settings = JsonNode.Parse(
            await File.ReadAllTextAsync(Path.Combine(Project, ".claude", "settings.local.json"), CancellationToken))!;
        Assert.Contains(rule, settings["permissions"]!["allow"]!.AsArray().Select(each => (string?)each));
        Assert.Equal(1, await CountAsync("questions"));
        Say($"always: {rule}; two uses, {await CountAsync("questions")} question, {took.TotalMilliseconds:0} ms");
    }

    [Fact]
    public async Task A_permission_given_at_the_terminal_closes_the_question_and_so_does_Esc()
    {
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--permissions");
        var file = Path.Combine(Project, "made-one");
        await File.WriteAllTextAsync(file, "", CancellationToken);
        await using var model = await ClientApi.StartAsync(
            turn => turn.Number is 1 or 3 ? Bash($"rm {(turn.Number == 1 ? "made-one" : "made-two")}") : new ClientReply.Says("heard"));
        await using var terminal = await ClaudeTerminal.OpenAsync(
            Client(model), Project, CancellationToken, "--permission-mode", "manual");

        await terminal.SayAsync("remove it", CancellationToken);
        await PagedAsync("(#1)");
        await terminal.SeesAsync("Do you want", CancellationToken);
        var watch = Stopwatch.StartNew();
        await terminal.PressUntilGoneAsync("Enter", "Do you want", CancellationToken);
        await EventuallyAsync("questions", "question_id = 1 AND state = 'expired'");
        var took = watch.Elapsed;
        Assert.False(File.Exists(file));
        Assert.Contains("it was allowed at the terminal", await TryRelayAsync("answer", "1", "deny"), StringComparison.Ordinal);
        await PagedAsync("#1 of project is settled");

        await TurnsAsync(model, 2, terminal);
        await terminal.SayAsync("and the other", CancellationToken);
        await PagedAsync("may it use Bash? (#2)");
        await terminal.SeesAsync("made-two", CancellationToken);
        await terminal.SeesAsync("Do you want", CancellationToken);
        await terminal.PressUntilGoneAsync("Escape", "Do you want", CancellationToken);
        await EventuallyAsync("questions", "question_id = 2 AND state = 'expired'");
        Assert.Contains("the client stopped waiting", await TryRelayAsync("answer", "2", "allow"), StringComparison.Ordinal);
        Say($"terminal: closed {took.TotalMilliseconds:0} ms after the key, the command included");
    }

    private static ClientReply.Uses PlanIt(ClientTurn turn)
    {
        if (PlanFile().Match(turn.Everything) is { Success: true } file)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file.Value)!);
            File.WriteAllText(file.Value, Plan); // As the model does with the tool for it.
        }
        return new ClientReply.Uses("ExitPlanMode", []);
    }

    private static ClientReply.Uses Bash(string command) =>
        new("Bash", new JsonObject { ["command"] = command, ["description"] = "work" });

    private static Task TurnsAsync(ClientApi model, int count, ClaudeTerminal terminal) => Eventually.ThatAsync(
        Limit, () => model.Turns.Count >= count, () => $"{model.Turns.Count} turns: {terminal.Screen}", CancellationToken);

    [GeneratedRegex(@"/[^\s""'`]+/plans/[A-Za-z0-9_-]+\.md")]
    private static partial Regex PlanFile();
}
