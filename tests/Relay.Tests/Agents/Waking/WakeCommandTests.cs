using Relay.Agents;
using Relay.Agents.Waking;
using Relay.Conversations;
using Xunit;

namespace Relay.Tests.Agents.Waking;

public sealed class WakeCommandTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("  ", new string[0])]
    [InlineData("claude -p --resume {claude_session_id}", new[] { "claude", "-p", "--resume", "{claude_session_id}" })]
    [InlineData("a 'b c' \"d 'e'\" f\\ g ''", new[] { "a", "b c", "d 'e'", "f g", "" })]
    [InlineData("a; rm -rf $HOME `x` | y", new[] { "a;", "rm", "-rf", "$HOME", "`x`", "|", "y" })]
    public void A_command_line_is_split_into_words_and_nothing_in_it_is_expanded(string line, string[] words) =>
        Assert.Equal(words, WakeCommand.Words(line));

    [Fact]
    public async Task The_text_is_its_input_the_id_one_word_and_the_last_line_its_outcome()
    {
        var folder = Directory.CreateTempSubdirectory("relay-wake-");
        var agent = Agent("a'; touch injected; '", folder.FullName);

        var outcome = await WakeCommand.RunAsync(
            "sh -c 'cat > told; printf %s \"$1\" > id; echo one; echo two; echo' sh {claude_session_id}", agent, "Go on.\n", "token", TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(new WakeOutcome(0, "two"), outcome);
        Assert.Equal("Go on.\n", await File.ReadAllTextAsync(Path.Combine(folder.FullName, "told"), TestContext.Current.CancellationToken));
        Assert.Equal("a'; touch injected; '", await File.ReadAllTextAsync(Path.Combine(folder.FullName, "id"), TestContext.Current.CancellationToken));
        Assert.Equal(2, folder.GetFiles().Length);
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("sh -c 'echo fine; echo broken >&2; exit 3'", 3, "broken")]
    [InlineData("/nowhere/at/all", null, "nowhere")]
    public async Task A_failure_says_why(string line, int? exit, string said)
    {
        var outcome = await WakeCommand.RunAsync(line, Agent("id", Path.GetTempPath()), "text", "token", TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.False(outcome.Succeeded);
        Assert.Equal(exit, outcome.ExitCode);
        Assert.Contains(said, outcome.LastLine, StringComparison.Ordinal);
    }

    private static Agent Agent(string id, string folder) =>
        new(id, SessionId.Stored("shop"), folder, AgentState.Idle, 0, 0, 0, TimeProvider.System.GetUtcNow());
}
