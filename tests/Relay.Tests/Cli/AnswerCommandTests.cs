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
    [InlineData(null, "1 3", "3")]
    [InlineData(null, "1 go on then", "go on then")]
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
        Assert.Equal("[operator JC]\nlook here\n", File.ReadAllText(file));
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

    [Theory]
    [InlineData(null, "2")]
    [InlineData("", "2")]
    [InlineData(" \n", "#2")]
    public async Task A_number_alone_is_a_forgotten_answer_and_none(string? input, string number)
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");

        var ran = input is null ? await _relay.RunAsync("answer", number) : await _relay.PipeAsync(input, "answer", number);

        Assert.Equal((2, ""), (ran.Exit, ran.Output));
        Assert.Contains("no answer follows", ran.Error);
        Assert.Equal(1, (await _relay.RunAsync("questions", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task The_receipt_says_which_question_it_was_whose_and_where_the_reply_will_go()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");

        var ran = await _relay.RunAsync("answer", "Yes");

        Assert.Contains("question #1 of s1 (", ran.Output);
        Assert.Contains("Ask the operator about s1", ran.Output);
        Assert.Contains("dispatch/s1/input.txt", ran.Output);
        Assert.DoesNotContain("[NEEDS-JC]", ran.Output);
    }

    [Fact]
    public async Task For_one_who_waits_the_receipt_names_the_wait_and_not_the_folder_alone()
    {
        await _relay.StartAsync();
        var asking = _relay.RunAsync("ask", "--session", "s1", "Ask the operator", "--timeout", "60s");
        await Until.TrueAsync(async () => (await _relay.RunAsync("questions", "--json")).Output.Contains("\"s1\""), "the question");

        var ran = await _relay.RunAsync("answer", "1", "Yes");

        Assert.Contains("waits with relay ask", ran.Output);
        Assert.Equal(0, (await asking).Exit);
    }

    [Fact]
    public async Task Words_for_a_session_are_told_where_they_go_and_that_they_settle_nothing()
    {
        await _relay.StartAsync();

        var ran = await _relay.RunAsync("answer", "@s2: look here");

        Assert.Contains("dispatch/s2/input.txt; no question is settled", ran.Output);
    }

    [Fact]
    public async Task A_number_nobody_has_asked_under_is_said()
    {
        await _relay.StartAsync();

        var ran = await _relay.RunAsync("answer", "9", "go on");

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Contains("there is no question #9", ran.Error);
    }

    [Fact]
    public async Task The_token_is_shown_in_the_title_of_the_page_and_nowhere_else()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");

        var lists = (await _relay.RunAsync("questions")).Output + (await _relay.RunAsync("status")).Output;

        Assert.Contains("Ask the operator about s1", lists);
        Assert.DoesNotContain("[NEEDS-JC]", lists);
    }
}
