using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Relay.Agents.Waking;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Xunit;

namespace Relay.Tests.Agents.Waking;

public sealed class WakeCommandTests
{
    private const string Id = "4f9a0a9e-3f7e-4f0e-9d6a-3f9f0c8f2b11";

    [Theory]
    [InlineData("", new string[0])]
    [InlineData("  ", new string[0])]
    [InlineData("claude -p --resume {claude_session_id}", new[] { "claude", "-p", "--resume", "{claude_session_id}" })]
    [InlineData("a 'b c' \"d 'e'\" f\\ g ''", new[] { "a", "b c", "d 'e'", "f g", "" })]
    [InlineData("a; rm -rf $HOME `x` | y", new[] { "a;", "rm", "-rf", "$HOME", "`x`", "|", "y" })]
    public void A_command_line_is_split_into_words_and_nothing_in_it_is_expanded(string line, string[] words) =>
        Assert.Equal(words, CommandWords.Of(line));

    [Fact]
    public async Task The_text_is_its_input_the_id_one_word_and_the_last_line_its_outcome()
    {
        var folder = Directory.CreateTempSubdirectory("relay-wake-");
        var agent = Agent(Id, folder.FullName);

        var outcome = await RunAsync(
            "sh -c 'cat > told; printf %s \"$1\" > id; echo one; echo two; echo' sh {claude_session_id}", agent, "Go on.\n");

        Assert.Equal(new WakeOutcome(0, "two"), outcome);
        Assert.Equal("Go on.\n", await ReadAsync("told"));
        Assert.Equal(Id, await ReadAsync("id"));
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
        var outcome = await RunAsync(line, Agent(Id, Path.GetTempPath()), "text");

        Assert.False(outcome.Succeeded);
        Assert.Equal(exit, outcome.ExitCode);
        Assert.Contains(said, outcome.LastLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_neither_reads_nor_ends_is_ended_when_its_time_is_over()
    {
        var clock = new FakeTimeProvider();
        var text = new string('x', 1_000_000); // More than a pipe holds.
        var agent = Agent(Id, Path.GetTempPath());
        var run = WakeCommand.RunAsync(
            Line("sleep 600", agent.Folder), agent, text, "token", clock, TestContext.Current.CancellationToken);

        clock.Advance(TimeSpan.FromMinutes(61));

        var outcome = await run.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal((null, "ended after 60 minutes"), (outcome.ExitCode, outcome.LastLine));
    }

    [Theory]
    [InlineData("--dangerously-skip-permissions")]
    [InlineData("a'; touch injected; '")]
    [InlineData("")]
    [InlineData(" 4f9a0a9e-3f7e-4f0e-9d6a-3f9f0c8f2b11")]
    [InlineData("4f9a0a9e3f7e4f0e9d6a3f9f0c8f2b11")]
    [InlineData("4f9a0a9e-3f7e-4f0e-9d6a-3f9f0c8f2b11\n")]
    [InlineData("{4f9a0a9e-3f7e-4f0e-9d6a-3f9f0c8f2b11}")]
    public async Task With_an_id_that_is_no_UUID_nothing_is_started(string id)
    {
        var folder = Directory.CreateTempSubdirectory("relay-wake-");

        var outcome = await RunAsync("touch started", Agent(id, folder.FullName), "text");

        Assert.Null(outcome.ExitCode);
        Assert.Contains("no UUID", outcome.LastLine, StringComparison.Ordinal);
        Assert.Empty(folder.GetFiles());
        folder.Delete();
    }

    [Fact]
    public async Task Only_in_a_folder_that_was_connected_is_anything_started()
    {
        var folder = Directory.CreateTempSubdirectory("relay-wake-");
        var connected = folder.CreateSubdirectory("shop");
        var below = connected.CreateSubdirectory("src").FullName;
        var beside = folder.CreateSubdirectory("shopping").FullName;
        Directory.CreateSymbolicLink(Path.Combine(connected.FullName, "out"), beside);
        var line = Line("touch started", connected.FullName);

        Assert.True((await RunAsync(below)).Succeeded);
        string[] others = [beside, Path.Combine(connected.FullName, "out"), folder.FullName, "/", "shop", "", "/nowhere"];
        foreach (var claimed in others)
            Assert.Contains("none in which sessions are woken", (await RunAsync(claimed)).LastLine, StringComparison.Ordinal);

        Assert.Equal(["started"], folder.GetFiles("started", SearchOption.AllDirectories).Select(file => file.Name));
        folder.Delete(recursive: true);

        Task<WakeOutcome> RunAsync(string claimed) => WakeCommand.RunAsync(
            line, Agent(Id, claimed), "text", "token", TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_program_within_the_project_is_the_sessions_own_to_change()
    {
        var folder = Directory.CreateTempSubdirectory("relay-wake-");
        var program = Path.Combine(folder.FullName, "claude");
        await File.WriteAllTextAsync(program, "#!/bin/sh\ntouch started\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(program, (UnixFileMode)0b111_000_000);

        var outcome = await RunAsync(program, Agent(Id, folder.FullName), "text");

        Assert.Contains("lies in", outcome.LastLine, StringComparison.Ordinal);
        Assert.Single(folder.GetFiles());
        folder.Delete(recursive: true);
    }

    [Fact]
    public void The_relays_secrets_stay_with_it_and_what_is_the_sessions_goes_along()
    {
        string[] secret = ["RELAY_TOKEN", "RELAY_DATABASE_URL", "NTFY_TOKEN", "NTFY_TOPIC", "PGPASSWORD", "RELAY_HOME"];
        var environment = secret.Append("ANTHROPIC_API_KEY").Append("PATH").Append("HOME").ToDictionary(name => name, string? (_) => "x");
        var line = Line("true", "/");

        line.HideSecrets(environment);
        Assert.Equal(["ANTHROPIC_API_KEY", "HOME", "PATH"], environment.Keys.Order());
        (line with { IsKeyOurs = true }).HideSecrets(environment);

        Assert.Equal(["HOME", "PATH"], environment.Keys.Order());
    }

    private static WakeLine Line(string line, string folder)
    {
        var words = CommandWords.Of(line);
        var program = ProgramFile.Find(words[0]) is ProgramFile.Search.Found found ? found.Path : words[0];
        return new WakeLine(program, [.. words.Skip(1)], [folder]);
    }

    private static Task<WakeOutcome> RunAsync(string line, Agent agent, string text) =>
        WakeCommand.RunAsync(Line(line, agent.Folder), agent, text, "token", TimeProvider.System, TestContext.Current.CancellationToken);

    private static Agent Agent(string id, string folder) =>
        new(id, SessionId.Stored("shop"), folder, AgentState.Idle, 0, 0, TimeProvider.System.GetUtcNow());
}
