using Relay.Cli;
using Relay.Operator.Asked;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What commands say, in one form wherever they say it.</summary>
public sealed class WordsTests : IAsyncDisposable
{
    private readonly CliHome _relay = new();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("drop", "which message?", "relay messages lists them", "see: relay drop --help")]
    [InlineData("explain", "which message?", "relay messages lists them", "see: relay explain --help")]
    [InlineData("connect claude-code --session a/b", "--session", "1 to 56", "see: relay connect claude-code --help")]
    public async Task A_usage_fault_says_what_to_do(string command, string first, string second, string see)
    {
        var ran = await _relay.RunAsync(command.Split(' '));

        Assert.Equal(2, ran.Exit);
        Assert.Contains(first, ran.Error);
        Assert.Matches(second, ran.Error);
        Assert.Contains(see, ran.Error);
        Assert.DoesNotContain("Required argument", ran.Error);
    }

    [Fact]
    public async Task Who_waits_for_the_operator_says_so_in_one_form()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        await _relay.RunAsync("send", "--session", "s2", "Hello");
        await Until.TrueAsync(async () => (await _relay.RunAsync("messages")).Output.Contains("#1 of s1"), "the second message");

        var shown = (await _relay.RunAsync("messages")).Output;

        Assert.Contains("for the operator (#1) ", shown);
        Assert.DoesNotContain("waiting for the operator", shown);
    }

    [Fact]
    public void A_sum_has_as_many_decimals_everywhere() =>
        Assert.Equal(Printing.CostCell(0.041m, 0) + " USD", Printing.Cost(0.041m, 0));

    [Theory]
    [InlineData("log --help")]
    [InlineData("--help")]
    public async Task The_help_is_no_wider_than_the_terminal_in_its_first_lines(string command)
    {
        _relay.Width = 40;

        var lines = (await _relay.RunAsync(command.Split(' '))).Output.Split('\n');

        Assert.All(lines.TakeWhile(line => line.Length > 0), line => Assert.True(line.Length <= 40, line));
    }

    [Theory]
    [InlineData("30", 30)]
    [InlineData("30s", 30)]
    [InlineData("2m", 120)]
    [InlineData("soon", null)]
    public void A_hook_waits_as_long_as_it_is_told(string timeout, int? seconds) =>
        Assert.Equal(seconds, HookOptions.Parse(["post", "--timeout", timeout]).Seconds);

    [Theory]
    [InlineData("deny: not today", "not today")]
    [InlineData("No, it is late", "it is late")]
    [InlineData("deny", "")]
    public void Of_a_denial_the_word_itself_is_not_passed_on(string answer, string reason) =>
        Assert.Equal(reason, PermissionWords.ReasonOf(answer));

    [Fact]
    public void A_question_of_no_session_is_the_advisors() => Assert.Equal("the advisor", QuestionsCommand.Asker(""));

    [Fact]
    public async Task A_folder_of_the_home_that_others_may_open_is_warned_of()
    {
        _relay.Home.CreateFolders();
        File.SetUnixFileMode(_relay.Home.Root, (UnixFileMode)0b111_000_000);
        var closed = (await _relay.RunAsync("doctor", "--json")).Output;
        File.SetUnixFileMode(_relay.Home.Dispatch, (UnixFileMode)0b111_101_101);

        var open = (await _relay.RunAsync("doctor", "--json")).Output;

        Assert.DoesNotContain("others may look into", closed);
        Assert.Contains($"others may look into {_relay.Home.Dispatch}\"", open);
    }
}
