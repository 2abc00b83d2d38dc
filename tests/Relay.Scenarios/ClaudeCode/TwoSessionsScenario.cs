using Relay.Loopback;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

public sealed class TwoSessionsScenario : ClaudeStage
{
    [Fact]
    public async Task Two_sessions_share_one_advisor_and_a_question_to_the_operator_comes_back_to_the_right_one()
    {
        Api.Enqueue(
            ScriptedReply.Text("One: use SQLite."),
            ScriptedReply.Text("[NEEDS-JC] May two users own one key?"),
            ScriptedReply.Text("Two: the operator says merge them."));
        await using var relay = await StartRelayAsync();
        var plugin = Folder("plugin");
        await RelayAsync("connect", "claude-code", "--plugin", plugin);
        await using var model = await ClientApi.StartAsync(turn => turn.Number switch
        {
            1 when turn.Everything.Contains("store", StringComparison.Ordinal) => Ask(turn, "Which store?"),
            1 => Ask(turn, "Who owns a key?"),
            _ => new ClientReply.Says("heard: " + turn.News),
        });
        var (storage, accounts) = (Client(model, await TokenAsync("storage")), Client(model, await TokenAsync("accounts")));
        string[] options = ["--plugin-dir", plugin, "--allowedTools", "mcp__plugin_relay_relay__ask_advisor"];

        var one = await storage.RunAsync(Folder("storage"), "choose the store", options);
        var running = accounts.RunAsync(Folder("accounts"), "design the keys", options);
        var page = await PagedAsync("[NEEDS-JC]");
        Assert.True(Home.TrySay("merge them"));
        var two = await running;

        Say($"one: {one.Result}\npage: {page.Title} | {page.Message}\ntwo: {two.Result}");
        Say($"{await RelayAsync("sessions")}\n{await RelayAsync("log")}");
        Assert.Contains("accounts", page.Title, StringComparison.Ordinal);
        Assert.Contains("One: use SQLite.", one.Result, StringComparison.Ordinal);
        Assert.DoesNotContain("Two:", one.Result, StringComparison.Ordinal);
        Assert.Contains("Two: the operator says merge them.", two.Result, StringComparison.Ordinal);
        // The advisor knows what it told the other session.
        Assert.Contains("One: use SQLite.", Api.Requests[1].AllText, StringComparison.Ordinal);
    }

    private static ClientReply.Uses Ask(ClientTurn turn, string question) => new(turn.ToolNamed("ask_advisor"), Question(question));
}
