using Relay.Conversations;
using Relay.Dispatch;
using Relay.Files.Platform;
using Relay.Running;
using Relay.Tests.Testing;
using Relay.Texts;
using Xunit;

namespace Relay.Tests.Dispatch;

public sealed class DispatcherTests : DispatchTests
{
    [Fact]
    public async Task The_text_is_the_reply_and_nothing_else()
    {
        const string text = "  Zwei Zeilen: 🙂\r\nund \u0001 mehr\n\n";
        await AnswerAsync("s", text);

        await PlaceAsync();

        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(text), await File.ReadAllBytesAsync(_relay.InputFile("s"), CancellationToken));
        Assert.Empty(Directory.GetFiles(_relay.Home.Staged));
    }

    [Fact]
    public async Task Replies_come_one_at_a_time_in_order_each_after_the_one_before_was_taken()
    {
        await AnswerAsync("s", "one", "two", "three");
        List<string?> taken = [];

        for (var pass = 0; pass < 3; pass++)
        {
            await PlaceAsync();
            await PlaceAsync();
            taken.Add(_relay.Consume("s"));
            Assert.Null(_relay.Consume("s"));
        }
        await PlaceAsync();

        Assert.Equal(["one", "two", "three"], taken);
        Assert.Equal(3, await CountAsync(DispatchState.Consumed));
    }

    [Fact]
    public async Task What_lay_in_the_folders_of_a_home_that_is_gone_is_placed_in_the_one_that_took_over()
    {
        await AnswerAsync("placed", "one");
        await PlaceAsync();
        await AnswerAsync("staged", "two");
        await _relay.WriteAsync(writing => FactStore.SetAsync(writing, FactStore.FoldersOf, "another home", CancellationToken));
        foreach (var file in (string[])[_relay.InputFile("placed"), .. Directory.GetFiles(_relay.Home.Staged)])
            File.Delete(file);
        await _relay.RestartAsync();

        await PlaceAsync();

        Assert.Equal(("one", "two"), (_relay.Consume("placed"), _relay.Consume("staged")));
        await _relay.RestartAsync();
        await PlaceAsync();
        Assert.Equal((null, null), (_relay.Consume("placed"), _relay.Consume("staged")));
    }

    [Fact]
    public async Task A_pending_reply_is_never_overwritten()
    {
        await AnswerAsync("s", "one", "two");
        await PlaceAsync();
        var before = Posix.Lstat(_relay.InputFile("s"));

        for (var pass = 0; pass < 5; pass++)
            await PlaceAsync();

        Assert.Equal(before, Posix.Lstat(_relay.InputFile("s")));
        Assert.Equal("one\n", await File.ReadAllTextAsync(_relay.InputFile("s"), CancellationToken));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("folder")]
    [InlineData("dangling link")]
    [InlineData("pipe")]
    public async Task What_another_put_there_is_never_overwritten_and_the_reply_comes_after_it(string kind)
    {
        var input = _relay.InputFile("s");
        Directory.CreateDirectory(Path.GetDirectoryName(input)!);
        switch (kind)
        {
            case "file": await File.WriteAllTextAsync(input, "mine", CancellationToken); break;
            case "folder": Directory.CreateDirectory(input); break;
            case "dangling link": File.CreateSymbolicLink(input, "nowhere"); break;
            default: Unix.Fifo(input); break;
        }
        var before = Posix.Lstat(input);
        await AnswerAsync("s", "the reply");

        await PlaceAsync();
        await _relay.RestartAsync();
        await PlaceAsync();
        Assert.Equal(before, Posix.Lstat(input));
        Assert.Equal(0, await CountAsync(DispatchState.Placed));

        if (kind == "folder")
            Directory.Delete(input);
        else
            File.Delete(input);
        await PlaceAsync();
        Assert.Equal("the reply", _relay.Consume("s"));
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("moved")]
    [InlineData("its folder removed")]
    public async Task Taking_is_the_receipt(string how)
    {
        var message = (await AnswerAsync("s", "one", "two"))[0];
        await PlaceAsync();
        Assert.Equal(MessageState.Placed, await _relay.StateAsync(message));

        switch (how)
        {
            case "deleted": File.Delete(_relay.InputFile("s")); break;
            case "moved": File.Move(_relay.InputFile("s"), Path.Combine(_relay.Home.Root, "taken.txt")); break;
            default: Directory.Delete(_relay.Home.SessionFolder("s"), recursive: true); break;
        }
        await PlaceAsync();

        Assert.Equal(MessageState.Consumed, await _relay.StateAsync(message));
        Assert.Equal("two", _relay.Consume("s"));
    }

    [Fact]
    public async Task A_dispatch_folder_that_was_removed_comes_back()
    {
        Directory.Delete(_relay.Home.Dispatch, recursive: true);
        await AnswerAsync("s", "one");

        await PlaceAsync();

        Assert.Equal("one", _relay.Consume("s"));
    }

    [Fact]
    public async Task A_session_that_never_takes_its_reply_holds_nobody_up()
    {
        await AnswerAsync("lazy", "one", "two");
        await AnswerAsync("quick", "three", "four");

        await PlaceAsync();
        Assert.Equal("three", _relay.Consume("quick"));
        await PlaceAsync();

        Assert.Equal("four", _relay.Consume("quick"));
        Assert.Equal("one\n", await File.ReadAllTextAsync(_relay.InputFile("lazy"), CancellationToken));
    }

    [Fact]
    public async Task A_session_whose_folder_is_broken_holds_nobody_up()
    {
        await File.WriteAllTextAsync(_relay.Home.SessionFolder("broken"), "a file where the folder should be", CancellationToken);
        await AnswerAsync("broken", "one");
        await AnswerAsync("sound", "two");

        await PlaceAsync();
        Assert.Equal(
            ["dispatch/broken: a reply cannot be placed: it is a file and no folder: remove it"], _relay.Get<Faults>().Standing);
        Assert.Equal("two", _relay.Consume("sound"));

        File.Delete(_relay.Home.SessionFolder("broken"));
        await PlaceAsync();
        Assert.Equal("one", _relay.Consume("broken"));
        Assert.Empty(_relay.Get<Faults>().Standing);
    }

    [Fact]
    public async Task A_session_whose_folder_breaks_while_a_reply_lies_in_it_holds_nobody_up()
    {
        await AnswerAsync("broken", "one");
        await PlaceAsync();
        Directory.Delete(_relay.Home.SessionFolder("broken"), recursive: true);
        await File.WriteAllTextAsync(_relay.Home.SessionFolder("broken"), "a file", CancellationToken);
        await AnswerAsync("sound", "two");

        await PlaceAsync();

        Assert.Contains("dispatch/broken: a reply cannot be placed: it is a file", Assert.Single(_relay.Get<Faults>().Standing));
        Assert.Equal("two", _relay.Consume("sound"));
    }

    [Fact]
    public async Task A_folder_where_the_facts_belong_keeps_its_own_reply_back_and_is_said_plainly()
    {
        var facts = Path.Combine(_relay.Home.SessionFolder("broken"), "input.json");
        Directory.CreateDirectory(facts);
        await AnswerAsync("broken", "one");
        await AnswerAsync("sound", "two");

        await PlaceAsync();

        Assert.Equal("two", _relay.Consume("sound"));
        Assert.Equal(
            ["dispatch/broken: a reply cannot be placed: input.json is a folder there: remove it"], _relay.Get<Faults>().Standing);
        Directory.Delete(facts);
        await PlaceAsync();
        Assert.Equal("one", _relay.Consume("broken"));
        Assert.Empty(_relay.Get<Faults>().Standing);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_link_in_a_sessions_place_is_not_followed(bool whileAReplyLies)
    {
        var (own, foreign) = (_relay.Home.SessionFolder("linked"), Path.Combine(_relay.Home.Root, "foreign"));
        Directory.CreateDirectory(foreign);
        await File.WriteAllTextAsync(Path.Combine(foreign, "input.json"), "{}", CancellationToken);
        await AnswerAsync("linked", "one");
        if (whileAReplyLies)
        {
            await PlaceAsync();
            Directory.Delete(own, recursive: true);
        }
        File.CreateSymbolicLink(own, foreign);

        await PlaceAsync();

        Assert.Equal(["input.json"], Directory.GetFiles(foreign).Select(Path.GetFileName));
        Assert.Contains("dispatch/linked: a reply cannot be placed: it is a link", Assert.Single(_relay.Get<Faults>().Standing));
        File.Delete(own);
        await PlaceAsync();
        Assert.Equal(whileAReplyLies ? null : "one", _relay.Consume("linked"));
        Assert.Empty(_relay.Get<Faults>().Standing);
    }

    [Fact]
    public async Task A_staged_file_somebody_removed_is_written_again()
    {
        var input = _relay.InputFile("s");
        Directory.CreateDirectory(Path.GetDirectoryName(input)!);
        await File.WriteAllTextAsync(input, "mine", CancellationToken);
        await AnswerAsync("s", "the reply");
        await PlaceAsync();
        File.Delete(Assert.Single(Directory.GetFiles(_relay.Home.Staged)));

        await PlaceAsync();
        File.Delete(input);
        await PlaceAsync();

        Assert.Equal("the reply", _relay.Consume("s"));
    }

    private Task<long> CountAsync(DispatchState state) =>
        _relay.CountAsync($"SELECT COUNT(*) FROM dispatches WHERE state = '{state.Word()}'");
}
