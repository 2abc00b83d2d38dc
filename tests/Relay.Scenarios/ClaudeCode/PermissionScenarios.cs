using System.Text.Json.Nodes;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

public sealed class PermissionScenarios : ClaudeStage
{
    protected override string Config => "agents:\n  allow:\n    - tool: Bash\n      pattern: \"touch ruled*\"\n";

    [Theory]
    [InlineData("allow", true)]
    [InlineData("deny not in this folder", false)]
    public async Task The_operator_is_asked_for_a_permission_and_only_an_allow_allows(string answer, bool allowed)
    {
        var file = Path.Combine(Project, "asked.txt");
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--permissions");
        await using var model = await ClientApi.StartAsync(turn => Touch(turn, file));

        var running = Client(model).RunAsync(Project, "make the file", "--permission-mode", "default");
        var page = await PagedAsync("may it use Bash?");
        Assert.True(Home.TrySay($"#{OperatorAtPhone.QuestionOf(page)} {answer}"));
        var run = await running;

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Equal(allowed, File.Exists(file));
        Assert.Contains(file, page.Message, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync("questions", "kind = 'permission' AND state <> 'open'"));
    }

    [Fact]
    public async Task What_a_rule_allows_is_not_asked_for()
    {
        await using var relay = await StartRelayAsync();
        await ConnectAsync("--permissions");
        await using var model = await ClientApi.StartAsync(turn => Touch(turn, "ruled.txt"));

        await Client(model).RunAsync(Project, "make the file", "--permission-mode", "default");

        Assert.True(File.Exists(Path.Combine(Project, "ruled.txt")));
        Assert.Equal(0, await CountAsync("questions"));
        Assert.Contains("by the rule", Log(), StringComparison.Ordinal);
    }

    private static ClientReply Touch(ClientTurn turn, string file) => turn.Number == 1
        ? new ClientReply.Uses("Bash", new JsonObject { ["command"] = $"touch {file}", ["description"] = "make a file" })
        : new ClientReply.Says("heard: " + turn.News);
}
