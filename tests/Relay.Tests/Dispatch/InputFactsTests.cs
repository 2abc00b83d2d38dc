using System.Text.Json;
using Relay.Dispatch;
using Xunit;

namespace Relay.Tests.Dispatch;

/// <summary>input.json: what the input.txt beside it is.</summary>
public sealed class InputFactsTests : DispatchTests
{
    private string FactsFile => Path.ChangeExtension(_relay.InputFile("s"), ".json");

    [Fact]
    public async Task It_says_what_the_text_answers_whose_words_it_is_and_when()
    {
        var message = (await AnswerAsync("s", "the reply"))[0];

        await PlaceAsync();

        var facts = await FactsAsync();
        var record = (await _relay.ReadAsync(async reading => await Outbox.RecordOfAsync(
            reading, await _relay.MessageAsync(message), CancellationToken)))!;
        Assert.Equal(["id", "in_reply_to", "session_id", "from", "at"], facts.EnumerateObject().Select(field => field.Name));
        Assert.Equal(
            (record.Id, message.Value, "s", "advisor", record.CreatedAt),
            (Text(facts, "id"), Text(facts, "in_reply_to"), Text(facts, "session_id"), Text(facts, "from"),
                facts.GetProperty("at").GetDateTimeOffset()));
    }

    [Fact]
    public async Task Words_of_the_operator_are_told_from_the_advisor_s()
    {
        await AnswerAsync("s", "one"); // It is known.
        await PlaceAsync();
        _relay.Consume("s");
        await _relay.AnswerAsync("@s: look here");

        await PlaceAsync();

        var facts = await FactsAsync();
        Assert.Equal(("operator JC", null), (Text(facts, "from"), Text(facts, "in_reply_to")));
        Assert.Equal("[operator JC]\nlook here\n", await File.ReadAllTextAsync(_relay.InputFile("s"), CancellationToken));
    }

    [Fact]
    public async Task Where_the_session_takes_the_text_alone_the_next_one_s_replaces_it_and_after_the_last_it_goes()
    {
        var messages = await AnswerAsync("s", "one", "two");
        await PlaceAsync();
        _relay.Consume("s");
        await PlaceAsync();

        var second = Text(await FactsAsync(), "in_reply_to");
        _relay.Consume("s");
        await PlaceAsync();

        Assert.Equal(messages[1].Value, second);
        Assert.False(File.Exists(FactsFile));
    }

    [Fact]
    public async Task What_the_session_put_there_itself_is_not_described()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FactsFile)!);
        await File.WriteAllTextAsync(_relay.InputFile("s"), "mine", CancellationToken);
        await AnswerAsync("s", "the reply");

        await PlaceAsync();

        Assert.False(File.Exists(FactsFile));
    }

    [Fact]
    public async Task Killed_between_the_two_the_relay_places_both_once_it_is_back()
    {
        var messages = await AnswerAsync("s", "one");
        Directory.CreateDirectory(Path.GetDirectoryName(FactsFile)!);
        await File.WriteAllTextAsync(FactsFile, """{"id":"of this one, or of the one before"}""", CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_relay.Home.Staged, "left.json"), "{}", CancellationToken);

        await _relay.RestartAsync();
        await PlaceAsync();

        Assert.Equal(messages[0].Value, Text(await FactsAsync(), "in_reply_to"));
        Assert.Equal("one", _relay.Consume("s"));
        Assert.Empty(Directory.GetFiles(_relay.Home.Staged));
    }

    [Fact]
    public async Task Lost_with_the_power_it_is_written_again_beside_the_text_that_lies_there()
    {
        var messages = await AnswerAsync("s", "one");
        await PlaceAsync();
        await File.WriteAllTextAsync(FactsFile, "", CancellationToken);

        await _relay.RestartAsync();
        await PlaceAsync();

        Assert.Equal(messages[0].Value, Text(await FactsAsync(), "in_reply_to"));
        Assert.Equal(1, await _relay.CountAsync("SELECT COUNT(*) FROM dispatches"));
    }

    [Fact]
    public async Task Taken_while_the_relay_was_dead_the_text_leaves_no_description_behind()
    {
        await AnswerAsync("s", "one");
        await PlaceAsync();
        _relay.Consume("s");

        await _relay.RestartAsync();
        await PlaceAsync();

        Assert.False(File.Exists(FactsFile));
    }

    private async Task<JsonElement> FactsAsync() =>
        JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(FactsFile, CancellationToken));

    private static string? Text(JsonElement facts, string field) => facts.GetProperty(field).GetString();
}
