using Microsoft.Extensions.Time.Testing;
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

        var outcome = await RunAsync(
            "sh -c 'cat > told; printf %s \"$1\" > id; echo one; echo two; echo' sh {claude_session_id}", agent, "Go on.\n");

        Assert.Equal(new WakeOutcome(0, "two"), outcome);
        Assert.Equal("Go on.\n", await ReadAsync("told"));
        Assert.Equal("a'; touch injected; '", await ReadAsync("id"));
        Assert.Equal(2, folder.GetFiles().Length);
        folder.Delete(recursive: true);

        Task<string> ReadAsync(string name) =>
            File.ReadAllTextAsync(Path.Combine(folder.FullName, name), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("sh -c 'echo fine; echo broken >&2; exit 3'", 3, "broken")]
    [InlineData("/nowhere/at/all", null, "nowhere")]
    public async Task A_failure_says_why(string line, int? exit, string said)
    {
        var outcome = await RunAsync(line, Agent("id", Path.GetTempPath()), "text");

        Assert.False(outcome.Succeeded);
        Assert.Equal(exit, outcome.ExitCode);
        Assert.Contains(said, outcome.LastLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_neither_reads_nor_ends_is_ended_when_its_time_is_over()
    {
        var clock = new FakeTimeProvider();
        var text = new string('x', 1_000_000); // More than a pipe holds.
        var run = WakeCommand.RunAsync(
            "sleep 600", Agent("id", Path.GetTempPath()), text, "token", clock, TestContext.Current.CancellationToken);

        clock.Advance(TimeSpan.FromMinutes(61));

        var outcome = await run.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal((null, "ended after 60 minutes"), (outcome.ExitCode, outcome.LastLine));
    }

    private static Task<WakeOutcome> RunAsync(string line, Agent agent, string text) =>
        WakeCommand.RunAsync(line, agent, text, "token", TimeProvider.System, TestContext.Current.CancellationToken);

    private static Agent Agent(string id, string folder) =>
        new(id, SessionId.Stored("shop"), folder, AgentState.Idle, 0, 0, TimeProvider.System.GetUtcNow());
}
