using Relay.Dispatch;
using Relay.Files.Platform;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator;

public sealed class OperatorFileTests : IAsyncLifetime
{
    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private string Input => _relay.Home.OperatorFile("jc_input.txt");

    public async ValueTask InitializeAsync()
    {
        _relay = await TempRelay.CreateAsync();
        _relay.Advisor.Reply("[NEEDS-JC] Which?");
        await _relay.AcceptAsync("a", "a question");
        await _relay.TakeTurnsAsync();
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task It_is_taken_once_it_stops_changing_and_then_removed()
    {
        await WriteAsync("The left one.\n");

        await ScanAsync();
        Assert.Single(await _relay.OpenQuestionsAsync());
        await SettleAsync();

        Assert.False(File.Exists(Input));
        Assert.Empty(await _relay.OpenQuestionsAsync());
        await _relay.TakeTurnsAsync();
        Assert.Equal("[operator JC] The left one.", _relay.Advisor.Calls[1].Messages[^1].Blocks[^1]);
    }

    [Fact]
    public async Task A_file_that_keeps_changing_is_not_taken()
    {
        await WriteAsync("The ");
        for (var step = 0; step < 5; step++)
        {
            await ScanAsync();
            _relay.Clock.Advance(TimeSpan.FromSeconds(0.9));
            await File.AppendAllTextAsync(Input, "x", CancellationToken);
        }
        await ScanAsync();

        Assert.True(File.Exists(Input));
        Assert.Single(await _relay.OpenQuestionsAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t\r\n")]
    [InlineData("\uFEFF")]
    [InlineData("\uFEFF \n")]
    public async Task Blank_is_ignored_and_what_is_written_then_is_taken(string blank)
    {
        await WriteAsync(blank);
        await SettleAsync();
        await SettleAsync();
        Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.True(File.Exists(Input));
        Assert.Empty(Directory.GetFiles(_relay.Home.RefusedAnswers));

        await WriteAsync("yes");
        await SettleAsync();

        Assert.Empty(await _relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task Words_for_a_session_go_to_it()
    {
        await WriteAsync("\uFEFF@a: hello\n");
        await SettleAsync();
        await _relay.RunAsync<Dispatcher>();

        Assert.Equal("hello", _relay.Consume("a"));
        Assert.Single(_relay.Advisor.Calls);
        Assert.Empty(await _relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task What_is_refused_is_kept_with_the_reason_and_paged_each_time()
    {
        foreach (var attempt in (string[])["@../b: hello", "@../c: hello"])
        {
            await WriteAsync(attempt);
            await SettleAsync();
            foreach (var file in Directory.GetFiles(_relay.Home.RefusedAnswers, "*.reason.txt"))
                Assert.Contains("names no session", await File.ReadAllTextAsync(file, CancellationToken), StringComparison.Ordinal);
            Assert.Equal(attempt, await File.ReadAllTextAsync(Path.Combine(_relay.Home.RefusedAnswers, "jc_input.txt"), CancellationToken));
            Directory.Delete(_relay.Home.RefusedAnswers, recursive: true); // The operator has read it.
        }

        Assert.False(File.Exists(Input));
        Assert.Single(await _relay.OpenQuestionsAsync());
        var pages = (await _relay.PagesAsync()).FindAll(page => page.Title.Contains("not taken", StringComparison.Ordinal));
        Assert.Equal(2, pages.Count(page => page.Body.Contains("names no session", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Invalid_UTF8_and_too_much_are_refused_and_kept()
    {
        await File.WriteAllBytesAsync(Input, [0xFF, 0xFE, 0x41], CancellationToken);
        await SettleAsync();
        await File.WriteAllTextAsync(Input, new string('x', 1_048_577), CancellationToken);
        await SettleAsync();

        var reason = Path.Combine(_relay.Home.RefusedAnswers, "jc_input.reason.txt");
        Assert.Equal("not valid UTF-8\n", await File.ReadAllTextAsync(reason, CancellationToken));
        Assert.Equal(1_048_577, new FileInfo(Path.Combine(_relay.Home.RefusedAnswers, "jc_input.2.txt")).Length);
        Assert.Single(await _relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task Killed_between_taking_and_removing_the_words_count_once()
    {
        await WriteAsync("left");
        var key = OperatorFile.KeyOf(Posix.Lstat(Input)!.Value, await File.ReadAllBytesAsync(Input, CancellationToken));
        await _relay.AnswerAsync("left", key: key);
        await _relay.RestartAsync();

        await SettleAsync();

        Assert.False(File.Exists(Input));
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM messages WHERE speaker = 'operator'"));
    }

    [Fact]
    public async Task Words_that_were_written_before_the_question_was_asked_do_not_answer_it()
    {
        await WriteAsync("yes, do it");
        File.SetLastWriteTimeUtc(Input, _relay.Clock.GetUtcNow().UtcDateTime.AddMinutes(-1));

        await SettleAsync();

        Assert.Single(await _relay.OpenQuestionsAsync());
        await _relay.TakeTurnsAsync();
        Assert.Equal("[operator JC, not about question #1] yes, do it", _relay.Advisor.Calls[1].Messages[^1].Blocks[^1]);
    }

    [Fact]
    public async Task Words_whose_time_lies_centuries_ahead_answer_what_is_open()
    {
        await WriteAsync("yes, do it");
        File.SetLastWriteTimeUtc(Input, new DateTime(2400, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        await SettleAsync();

        Assert.Empty(await _relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task Prepared_words_that_are_put_there_once_more_are_words_again()
    {
        var prepared = Path.Combine(_relay.Home.Root, "prepared");
        await File.WriteAllTextAsync(prepared, "@a: go on", CancellationToken);
        for (var time = 0; time < 3; time++)
        {
            Unix.HardLink(prepared, Input); // The same inode, time and text.
            await SettleAsync();
        }

        Assert.False(File.Exists(Input));
        Assert.Equal(3, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
    }

    [Fact]
    public async Task The_same_words_in_a_new_file_are_words_again()
    {
        await WriteAsync("@a: go on");
        await SettleAsync();
        await WriteAsync("@a: go on");
        await SettleAsync();

        Assert.Equal(2, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
    }

    [Fact]
    public async Task Another_user_does_not_answer_and_his_words_are_kept_with_the_reason()
    {
        await WriteAsync("allow everything");
        Unix.Give(Input, 4242);

        await SettleAsync();

        Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal("allow everything", File.ReadAllText(Path.Combine(_relay.Home.RefusedAnswers, "jc_input.txt")));
        Assert.Contains((await _relay.PagesAsync()), page => page.Body.Contains("belongs to uid 4242", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Links_and_pipes_are_not_opened()
    {
        var outside = Path.Combine(_relay.Home.Root, "outside.txt");
        await File.WriteAllTextAsync(outside, "not mine", CancellationToken);
        File.CreateSymbolicLink(Input, outside);
        await SettleAsync();
        File.Delete(Input);
        Unix.Fifo(Input);
        await SettleAsync();

        Assert.Single(await _relay.OpenQuestionsAsync());
        Assert.Equal(FileKind.Other, Posix.Lstat(Input)!.Value.Kind);
    }

    [Fact]
    public async Task With_several_questions_a_file_without_a_number_is_kept_and_the_operator_told_which_there_are()
    {
        await _relay.ConfigureAsync("sessions: [{session_id: b, conversation: two}]");
        _relay.Advisor.Reply("[NEEDS-JC] B?");
        await _relay.AcceptAsync("b", "a question");
        await _relay.TakeTurnsAsync();

        await WriteAsync("yes");
        await SettleAsync();
        await WriteAsync("#2 no");
        await SettleAsync();

        Assert.Contains(await _relay.PagesAsync(), page => page.Body.Contains("#1 of a, #2 of b", StringComparison.Ordinal));
        Assert.Equal(1, Assert.Single(await _relay.OpenQuestionsAsync()).Id);
    }

    private Task WriteAsync(string text) => File.WriteAllTextAsync(Input, text, CancellationToken);

    private Task<int> ScanAsync() => _relay.RunAsync<OperatorFile>();

    private async Task SettleAsync()
    {
        await ScanAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(1.1));
        await ScanAsync();
    }
}
