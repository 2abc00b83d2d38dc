using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class AnswerCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("""
        advisor: simulated
        listen: 127.0.0.1:0
        sessions: [{session_id: s1, conversation: a}, {session_id: s2, conversation: b}]
        """);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData(null, "Yes", "Yes")]
    [InlineData(null, "1 Yes", "Yes")]
    [InlineData(null, "#1 Yes", "Yes")]
    [InlineData(null, "3", "3")]
    [InlineData("", "3", "3")]
    [InlineData("Yes\n", "", "Yes")]
    [InlineData("Yes\n", "-", "Yes")]
    [InlineData("Yes\n", "1", "Yes")]
    [InlineData("Yes\n", "1 -", "Yes")]
    public async Task The_only_open_question_is_answered(string? input, string words, string answer)
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        string[] arguments = ["answer", .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)];

        var ran = input is null ? await _relay.RunAsync(arguments) : await _relay.PipeAsync(input, arguments);

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        var question = (await _relay.RunAsync("questions", "--all", "--json")).Json[0];
        Assert.Equal(answer, question.GetProperty("answer").GetString());
        Assert.False(question.GetProperty("open").GetBoolean());
    }

    [Fact]
    public async Task Several_open_questions_are_named_and_none_is_answered()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        await _relay.EscalateAsync("s2");

        var ran = await _relay.RunAsync("answer", "Yes", "--json");

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains("#1 of s1, #2 of s2", ran.Error);
        Assert.Equal(2, (await _relay.RunAsync("questions", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task The_first_answer_stands_and_the_second_is_told_so()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        await _relay.RunAsync("answer", "1", "Yes");

        var ran = await _relay.RunAsync("answer", "1", "No");

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains("the first answer stands", ran.Error);
    }

    [Fact]
    public async Task Words_for_a_session_go_straight_to_it()
    {
        await _relay.StartAsync();

        var ran = await _relay.RunAsync("answer", "@s2: look here", "--json");

        Assert.Equal("direct", ran.Json.GetProperty("outcome").GetString());
        var file = Path.Combine(_relay.Home.SessionFolder("s2"), "input.txt");
        await Until.TrueAsync(() => File.Exists(file), "the text for the session");
        Assert.Equal("look here\n", File.ReadAllText(file));
    }

    [Fact]
    public async Task An_answer_without_quotes_is_not_taken_apart()
    {
        await _relay.StartAsync();

        var ran = await _relay.RunAsync("answer", "do", "it");

        Assert.Equal((2, ""), (ran.Exit, ran.Output));
        Assert.Contains("quotes", ran.Error);
    }

    [Fact]
    public async Task Without_a_daemon_it_exits_69()
    {
        Assert.Equal(69, (await _relay.RunAsync("answer", "Yes")).Exit);
    }
}
