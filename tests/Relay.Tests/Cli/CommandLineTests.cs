using Relay.Cli;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public async Task Without_a_command_the_help_is_shown_and_the_exit_is_2()
    {
        var output = new StringWriter();

        var exit = await CommandLine.RunAsync([], new CommandContext(new Dictionary<string, string>(), output, TextWriter.Null));

        Assert.Equal(2, exit);
        Assert.All(["run", "demo", "init", "doctor", "explain"], name => Assert.Contains($"  {name}", output.ToString()));
    }

    [Fact]
    public async Task The_version_is_a_number_alone()
    {
        var output = new StringWriter();

        var exit = await CommandLine.RunAsync(["--version"], new CommandContext(new Dictionary<string, string>(), output, TextWriter.Null));

        Assert.Equal(0, exit);
        Assert.Matches(@"\A\d+\.\d+\.\d+\n\z", output.ToString());
    }

    [Theory]
    [InlineData("stauts", "did you mean 'status'?")]
    [InlineData("send", "--session")]
    [InlineData("ask text", "RELAY_SESSION")]
    [InlineData("send --session a/b text", "A-Z")]
    [InlineData("ask --session a --timeout soon text", "--timeout")]
    [InlineData("send --session a --jsno", "--jsno")]
    [InlineData("costs --by week", "day, session or model")]
    [InlineData("log -n many", "-n")]
    [InlineData("explain", "MESSAGE")]
    public async Task What_cannot_be_understood_exits_2_with_the_reason_on_standard_error_alone(string words, string reason)
    {
        await using var home = new CliHome();

        var ran = await home.RunAsync(words.Split(' '));

        Assert.Equal((2, ""), (ran.Exit, ran.Output));
        Assert.Contains(reason, ran.Error);
    }

    [Theory]
    [InlineData("status --json")]
    [InlineData("topic")]
    [InlineData("send --session a text")]
    [InlineData("ask --session a text")]
    [InlineData("answer text")]
    [InlineData("questions --json")]
    [InlineData("log")]
    [InlineData("costs")]
    public async Task A_faulty_configuration_exits_78_with_a_line_for_each_fault(string words)
    {
        await using var home = new CliHome("modle: x\nmax_tokens: none\n");

        var ran = await home.RunAsync(words.Split(' '));

        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        Assert.Equal(2, ran.Error.Trim().Split('\n').Length);
        Assert.Contains("config.yaml:1", ran.Error);
    }

    [Theory]
    [InlineData("connect claude-code --project")]
    [InlineData("connect claude-code --plugin")]
    [InlineData("disconnect claude-code --project")]
    [InlineData("disconnect claude-code --plugin")]
    [InlineData("answer 1 --edited")]
    [InlineData("log --conversation")]
    [InlineData("search word --conversation")]
    [InlineData("say words --conversation")]
    [InlineData("tokens --revoke")]
    public async Task What_is_named_by_nothing_exits_2(string words)
    {
        await using var home = new CliHome();
        await home.StartAsync();
        string[] command = words.Split(' ');

        var ran = await home.RunAsync([.. command, ""]);

        Assert.Equal((2, ""), (ran.Exit, ran.Output));
        Assert.StartsWith($"{command[^1]} is empty\n", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("explain nothing", 1)]
    [InlineData("ask --session s words", 69)]
    public async Task Where_nobody_reads_standard_error_the_exit_code_says_it(string words, int exit)
    {
        await using var home = new CliHome();
        await using var unread = new UnreadWriter();

        Assert.Equal(exit, await CommandLine.RunAsync(
            [.. words.Split(' '), "--home", home.Home.Root], new CommandContext(home.Environment, TextWriter.Null, unread)));
    }

    /// <summary>A pipe whose reader is gone.</summary>
    private sealed class UnreadWriter : StringWriter
    {
        private const int BrokenPipe = 32;

        public override void Write(char value) => throw new IOException("Broken pipe", BrokenPipe);

        public override void Write(string? value) => throw new IOException("Broken pipe", BrokenPipe);

        public override void Write(char[] buffer, int index, int count) => throw new IOException("Broken pipe", BrokenPipe);
    }

    [Fact]
    public async Task The_home_may_be_named_before_the_command()
    {
        await using var home = new CliHome();
        var output = new StringWriter();

        await CommandLine.RunAsync(["--home", home.Home.Root, "status"], new CommandContext(home.Environment, output, TextWriter.Null));

        Assert.Contains(home.Home.Root, output.ToString());
    }

    [Fact]
    public async Task The_commands_stand_in_groups_with_what_may_be_left_out_marked()
    {
        var help = await HelpAsync("--help");

        Assert.Matches("(?s)Daily:.*  status .*Operator:.*  answer QUESTION\\? TEXT\\?.*Setup:.*  run .*Repair:.*  retry MESSAGE\\?", help);
        Assert.Contains("  explain MESSAGE ", help);
        Assert.DoesNotContain("Other:", help);
        Assert.DoesNotContain("hook", help);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("messages")]
    [InlineData("log")]
    [InlineData("ask")]
    [InlineData("send")]
    [InlineData("sessions")]
    [InlineData("costs")]
    [InlineData("questions")]
    [InlineData("answer")]
    [InlineData("demo")]
    [InlineData("init")]
    [InlineData("run")]
    [InlineData("topic")]
    [InlineData("connect")]
    [InlineData("connect claude-code")]
    [InlineData("disconnect claude-code")]
    [InlineData("channel")]
    [InlineData("doctor")]
    [InlineData("explain")]
    [InlineData("retry")]
    [InlineData("drop")]
    [InlineData("hook")]
    public async Task Each_command_has_help_with_an_example_the_hidden_ones_too(string command)
    {
        var help = await HelpAsync([.. command.Split(' '), "--help"]);

        Assert.Contains($"Usage:\n  relay {command}", help);
        Assert.Contains("Example:\n  ", help);
        Assert.Contains($"relay {command}", help[help.IndexOf("Example:", StringComparison.Ordinal)..]);
        Assert.Equal(help, await HelpAsync(["help", .. command.Split(' ')]));
    }

    [Fact]
    public async Task The_heads_of_columns_are_explained()
    {
        var costs = await HelpAsync("costs", "--help");
        Assert.All(["write 5m", "read", "twice?", "unknown"], head => Assert.Contains($"  {head} ", costs));
        Assert.Contains("undelivered", await HelpAsync("sessions", "--help"));
    }

    [Fact]
    public async Task On_a_narrow_terminal_the_help_is_folded_between_words()
    {
        var help = await HelpAsync(width: 60, "doctor", "--help");

        Assert.All(help.Split('\n')[2..], line => Assert.True(line.Length <= 60, line));
    }

    private static Task<string> HelpAsync(params string[] arguments) => HelpAsync(width: null, arguments);

    private static async Task<string> HelpAsync(int? width, params string[] arguments)
    {
        var output = new StringWriter();
        var context = new CommandContext(new Dictionary<string, string>(), output, TextWriter.Null) { Width = width };

        Assert.Equal(0, await CommandLine.RunAsync(arguments, context));
        return output.ToString();
    }
}
