using System.Diagnostics;
using Relay.Cli;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What a shell is told that can follow.</summary>
public sealed class CompletionTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("""
        advisor: simulated
        listen: 127.0.0.1:0
        sessions: [{session_id: s1, conversation: shop}, {session_id: s2, conversation: paint}]
        """);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("st", "status")]
    [InlineData("completion ", "bash fish zsh")]
    [InlineData("log --fu", "--full")]
    [InlineData("say --conversation ", "default paint shop")]
    [InlineData("say --conversation=p", "--conversation=paint")]
    [InlineData("send --session ", "s1 s2")]
    [InlineData("send -s s1 --j", "--json")]
    [InlineData("say @", "@s1 @s2")]
    [InlineData("answer ", "1")]
    [InlineData("answer 1 ", "")]
    [InlineData("questions ", "1")]
    [InlineData("rulings scope 1 a", "always")]
    [InlineData("answer --scope o", "once")]
    [InlineData("say wor", "")]
    [InlineData("hoo", "")]
    [InlineData("no-such-thing ", "")]
    [InlineData("connect claude-code --project ", ":dirs")]
    [InlineData("answer 1 --edited ", ":files")]
    [InlineData("claude --", "")]
    public async Task What_can_follow_is_told(string typed, string expected)
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");

        var choices = await FishAsync(typed.Split(' '));

        Assert.Equal(expected, string.Join(' ', choices.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Messages_and_rulings_are_told_by_their_ids_with_a_daemon_and_without()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        await _relay.RunAsync("say", "[always] Never push.");
        await _relay.StopAsync();

        var message = Assert.Single(await FishAsync("explain", ""), id => id.Length == 15);
        Assert.Equal("1", Assert.Single(await FishAsync("rulings", "retire", "")));
        Assert.Contains(message, await FishAsync("drop", message[..5]));
    }

    [Fact]
    public async Task Without_a_home_it_says_nothing_at_all()
    {
        await using var nowhere = new CliHome(config: "");

        Assert.Empty(await FishAsync(nowhere, "answer", ""));
        Assert.False(Directory.Exists(nowhere.Home.Root));
    }

    [Fact]
    public async Task No_command_of_the_help_is_missing()
    {
        var help = (await _relay.RunAsync("--help")).Output;

        var commands = await FishAsync("");

        Assert.All(commands, command => Assert.Contains($"\n  {command}", help));
        Assert.Superset(new HashSet<string> { "say", "watch", "completion", "answer", "run" }, commands.ToHashSet());
    }

    [Theory]
    [InlineData("relay answer --ho", "answer|--ho")]
    [InlineData("relay say \"two words\" ", "say|two words|")]
    [InlineData(@"relay say two\ words 'a ""b", @"say|two words|a ""b")]
    [InlineData("relay", "")]
    public void A_line_is_split_as_a_shell_does(string line, string expected) =>
        Assert.Equal(expected, string.Join('|', Completing.Split(line)));

    [Theory]
    [InlineData("relay sta", "status")]
    [InlineData("relay say @s", "@s1,@s2")]
    [InlineData("relay say --conversation=pa", "paint")]
    [InlineData("relay answer ", "1")]
    public async Task Bash_itself_takes_it(string line, string expected)
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        var program = Programs.Relay;
        var script = $"""
            source <("{program}" completion bash)
            COMP_LINE={Quoted(line)} COMP_POINT={line.Length}
            _relay "{program}"
            (IFS=,; echo "${"{COMPREPLY[*]}"}")
            """;
        var start = new ProcessStartInfo("/bin/bash", ["--norc", "-c", script]) { RedirectStandardOutput = true };
        start.Environment["RELAY_HOME"] = _relay.Home.Root;
        foreach (var (name, value) in _relay.Environment)
            start.Environment[name] = value;

        using var bash = Process.Start(start)!;
        var output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(expected, output.Trim());
    }

    private static string Quoted(string text) => $"'{text}'";

    private Task<List<string>> FishAsync(params string[] words) => FishAsync(_relay, words);

    private static async Task<List<string>> FishAsync(CliHome relay, params string[] words)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var environment = new Dictionary<string, string>(relay.Environment) { ["RELAY_HOME"] = relay.Home.Root };
        var exit = await CommandLine.RunAsync(["complete", "fish", .. words], new CommandContext(environment, output, error));
        Assert.Equal((0, ""), (exit, error.ToString()));
        return [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[0])];
    }
}
