using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class RulingsCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("""
        advisor: simulated
        listen: 127.0.0.1:0
        sessions: [{session_id: s1, conversation: a}, {session_id: s2, conversation: b}]
        """);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task An_answer_is_kept_with_its_scope_listed_narrowed_and_retired()
    {
        Assert.Contains("no ruling is in force", (await StartedAsync()).Output);
        await _relay.EscalateAsync("s1");

        var answered = (await _relay.RunAsync("answer", "1", "Use", "tabs.", "--scope", "always")).Output;

        Assert.Contains("kept as ruling 1, for all conversations; the advisor's reply goes to", answered);
        var json = Assert.Single((await _relay.RunAsync("rulings", "--json")).Json.EnumerateArray());
        Assert.Equal(
            ("always", "standing", "Use tabs.", 1),
            (json.GetProperty("scope").GetString(), json.GetProperty("state").GetString(), json.GetProperty("text").GetString(),
                json.GetProperty("question").GetInt32()));
        var shown = (await _relay.RunAsync("rulings")).Output;
        Assert.Contains("ruling 1  always  a  ", shown);
        Assert.Contains("question #1  never cited", shown);
        Assert.Contains("answered: Use tabs.", shown);
        Assert.Contains("rulings_char_cap is 40,000", shown);
        var narrowed = (await _relay.RunAsync("rulings", "scope", "1", "conversation")).Output;
        Assert.Contains("holds for the conversation in which it was said", narrowed);
        await Until.TrueAsync(
            async () => (await _relay.RunAsync("rulings", "retire", "1", "no", "more", "tabs")).Exit == 0, "the reply to the answer");
        Assert.Contains("no ruling is in force", (await _relay.RunAsync("rulings")).Output);
        Assert.Contains("retired by the operator: no more tabs", (await _relay.RunAsync("rulings", "--all")).Output);
        Assert.Contains("answered: Use tabs.", (await _relay.RunAsync("rulings", "1")).Output);
        Assert.Contains("minutes blocked", (await _relay.RunAsync("rulings", "--stats")).Output);
        Assert.Equal(1, (await _relay.RunAsync("rulings", "--stats", "--json")).Json.GetProperty("answered").GetInt32());
    }

    [Theory]
    [InlineData("rulings scope 1 sometimes", 2, "\"sometimes\" is no scope: once, conversation or always")]
    [InlineData("rulings scope one always", 2, "\"one\" is not the number of a ruling")]
    [InlineData("answer 1 yes --scope sometimes", 2, "\"sometimes\" is no scope")]
    [InlineData("rulings retire 9", 1, "there is no ruling 9")]
    [InlineData("rulings 9", 1, "there is no ruling 9")]
    [InlineData("rulings overturn zzz", 1, "there is no use zzz and no message zzz")]
    public async Task What_cannot_be_is_refused_with_the_reason(string command, int exit, string reason)
    {
        await StartedAsync();

        var ran = await _relay.RunAsync(command.Split(' '));

        Assert.Equal(exit, ran.Exit);
        Assert.Contains(reason, ran.Error);
    }

    [Fact]
    public async Task The_log_and_the_story_say_what_settled_a_message_and_one_command_has_it_asked()
    {
        await StartedAsync();
        await _relay.EscalateAsync("s1");
        await _relay.RunAsync("answer", "1", "Use tabs.");
        await _relay.RunAsync("ask", "--session", "s1", "cite [ruling 1], please");
        await Until.TrueAsync(
            async () => (await _relay.RunAsync("rulings", "1")).Output.Contains("cited 1 time"), "the use");

        Assert.Contains("(settled by ruling 1)", (await _relay.RunAsync("log")).Output);
        var use = (await _relay.RunAsync("rulings", "1", "--json")).Json[0].GetProperty("used_by")[0];
        var message = use.GetProperty("message").GetString()!;
        Assert.Contains("settled by ruling 1, ", (await _relay.RunAsync("explain", message)).Output);
        var overturned = await _relay.RunAsync("rulings", "overturn", message);
        Assert.Contains("question #2 is open; your answer takes the place of ruling 1", overturned.Output);
        Assert.Contains("Asked anew", (await _relay.RunAsync("questions")).Output);
    }

    private async Task<Ran> StartedAsync()
    {
        await _relay.StartAsync();
        return await _relay.RunAsync("rulings");
    }
}
