using System.Text.Json;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class SayCommandTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("""
        advisor: simulated
        listen: 127.0.0.1:0
        sessions: [{session_id: s1, conversation: shop}, {session_id: s2, conversation: paint}]
        """);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task Words_are_said_to_the_advisor_and_it_is_said_where_the_reply_comes()
    {
        await _relay.StartAsync();

        var ran = await _relay.RunAsync("say", "We", "build", "with .NET.");

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        Assert.StartsWith("said to the advisor of default as message ", ran.Output);
        Assert.Contains("kept as ruling 1, for this conversation", ran.Output);
        Assert.EndsWith("; the advisor replies here in relay watch, on the page, and by page\n", ran.Output);
        Assert.Contains(await EntriesAsync("default"), entry => entry.GetProperty("text").GetString() == "We build with .NET.");
    }

    [Theory]
    [InlineData("shop", null)]
    [InlineData("default", "words from a pipe\n")]
    public async Task Waited_for_the_reply_is_printed(string conversation, string? input)
    {
        await _relay.StartAsync();
        string[] arguments = ["say", "--conversation", conversation, "--wait", input is null ? "Hello there" : "-"];

        var ran = input is null ? await _relay.RunAsync(arguments) : await _relay.PipeAsync(input, arguments);

        Assert.Equal(0, ran.Exit);
        var reply = (await EntriesAsync(conversation)).Single(entry => entry.GetProperty("role").GetString() == "assistant");
        Assert.Equal(reply.GetProperty("text").GetString()!.TrimEnd('\n') + "\n", ran.Output);
    }

    [Fact]
    public async Task In_a_paused_conversation_it_is_said_that_they_wait()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("pause");

        var ran = await _relay.RunAsync("say", "Never push.");

        Assert.Equal(0, ran.Exit);
        Assert.Contains("; it waits: its conversation, default, is paused since ", ran.Output);
        Assert.Contains("relay resume default", ran.Output);
    }

    [Fact]
    public async Task For_programs_it_is_json_and_nothing_else()
    {
        await _relay.StartAsync();

        var said = (await _relay.RunAsync("say", "[always]", "Never push.", "--json", "--id", "k1")).Json;
        var waited = (await _relay.RunAsync("say", "[always]", "Never push.", "--json", "--id", "k1", "--wait")).Json;

        Assert.Equal(("said", "always", "k1"), (Text(said, "outcome"), Text(said, "scope"), Text(said, "key")));
        Assert.Equal(("repeated", "replied"), (Text(waited, "outcome"), Text(waited, "state")));
        Assert.Equal(Text(said, "message"), Text(waited, "message"));
        Assert.NotEmpty(Text(waited, "reply")!);
    }

    [Fact]
    public async Task The_same_key_twice_is_said_once_and_other_words_under_it_are_refused()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("say", "One", "--id", "k1");

        var again = await _relay.RunAsync("say", "One", "--id", "k1");
        var other = await _relay.RunAsync("say", "Two", "--id", "k1");
        var elsewhere = await _relay.RunAsync("say", "One", "--id", "k1", "--conversation", "shop");

        Assert.Contains("nothing has changed", again.Output);
        Assert.All([other, elsewhere], ran => Assert.Equal((1, "its id was used for other words before\n"), (ran.Exit, ran.Error)));
        Assert.Single((await _relay.RunAsync("rulings", "--json")).Json.EnumerateArray());
        Assert.Single(await EntriesAsync("default"), entry => Text(entry, "text") == "One");
    }

    [Theory]
    [InlineData(null, "@s2", "look", "here")]
    [InlineData(null, "@s2 look here")]
    [InlineData(null, "@s2:", "look here")]
    [InlineData(null, "@s2: look here")]
    [InlineData(null, "[once]", "@s2", "look here")]
    [InlineData(null, "@s2", "[once] look here")]
    [InlineData("look here\n", "@s2")]
    [InlineData("look here\n", "@s2", "-")]
    [InlineData("@s2: look here\n", "-")]
    public async Task Words_for_a_session_go_straight_to_it_once(string? input, params string[] words)
    {
        await _relay.StartAsync();
        string[] arguments = ["say", .. words, "--id", "k1"];

        for (var time = 0; time < 2; time++)
            Assert.Equal(0, (input is null ? await _relay.RunAsync(arguments) : await _relay.PipeAsync(input, arguments)).Exit);

        var file = Path.Combine(_relay.Home.SessionFolder("s2"), "input.txt");
        await Until.TrueAsync(() => File.Exists(file), "the text for the session");
        Assert.Equal("[operator JC]\nlook here\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Single(await EntriesAsync("paint"));
        var ruling = Assert.Single((await _relay.RunAsync("rulings", "--all", "--json")).Json.EnumerateArray());
        Assert.Equal(arguments.Any(word => word.Contains("[once]")) ? "once" : "conversation", Text(ruling, "scope"));
    }

    [Theory]
    [InlineData(1, "there is no conversation \"shpo\"; the nearest known: shop", "--conversation", "shpo", "Hello")]
    [InlineData(1, "there is no session \"s9\"; the nearest known: s1, s2", "@s9", "Hello")]
    [InlineData(1, "names no session", "@s%", "Hello")]
    [InlineData(2, "say one of them", "--conversation", "shop", "@s1", "Hello")]
    [InlineData(2, "has none", "--wait", "@s1", "Hello")]
    [InlineData(2, "the text is empty", "[once]")]
    [InlineData(2, "the text is empty", "@s1: [always] ")]
    [InlineData(2, "no option '--wiat'", "--wiat", "Hello")]
    [InlineData(2, "a duration such as", "--timeout", "soon", "Hello")]
    public async Task What_cannot_be_said_is_refused_by_name(int exit, string reason, params string[] words)
    {
        await _relay.StartAsync();

        var ran = await _relay.RunAsync(["say", .. words]);

        Assert.Equal((exit, ""), (ran.Exit, ran.Output));
        Assert.Contains(reason, ran.Error);
        Assert.Empty((await _relay.RunAsync("rulings", "--all", "--json")).Json.EnumerateArray());
    }

    [Fact]
    public async Task What_begins_as_an_answer_to_an_open_question_is_not_said()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");

        var ran = await _relay.RunAsync("say", "#1 go on");

        Assert.Equal(1, ran.Exit);
        Assert.Contains("relay answer 1 TEXT", ran.Error);
        Assert.Single((await _relay.RunAsync("questions", "--json")).Json.EnumerateArray());
    }

    [Fact]
    public async Task Without_a_daemon_nothing_is_said() =>
        Assert.Equal((69, ""), await ExitAsync("say", "Hello"));

    [Fact]
    public async Task When_the_time_is_up_it_says_that_the_words_are_kept()
    {
        await using var silent = new CliHome("listen: 127.0.0.1:0\n");
        await silent.StartAsync(); // It has no key, so no reply comes.

        var ran = await silent.RunAsync("say", "Hello", "--wait", "--timeout", "1s");

        Assert.Equal((75, ""), (ran.Exit, ran.Output));
        Assert.Contains("no reply within 1s (held: ", ran.Error);
        Assert.Contains("is kept, and its reply comes in relay watch", ran.Error);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"text": " ", "id": "x"}""")]
    [InlineData("""{"text": "Hello"}""")]
    [InlineData("""{"text": 7, "id": "x"}""")]
    [InlineData("[]")]
    public async Task A_request_that_is_not_whole_says_nothing(string body)
    {
        await _relay.StartAsync();
        using var http = new HttpClient();
        var token = File.ReadLines(_relay.Home.EnvFile).Single(line => line.StartsWith("RELAY_TOKEN=", StringComparison.Ordinal))[12..];
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var response = await http.PostAsync(new Uri(_relay.Url + "/words"), content, TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Empty((await _relay.RunAsync("rulings", "--all", "--json")).Json.EnumerateArray());
    }

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();

    private async Task<(int, string)> ExitAsync(params string[] words)
    {
        _relay.Home.CreateFolders();
        var ran = await _relay.RunAsync(words);
        return (ran.Exit, ran.Output);
    }

    private async Task<List<JsonElement>> EntriesAsync(string conversation)
    {
        List<JsonElement> entries = [];
        await Until.TrueAsync(
            async () =>
            {
                var log = await _relay.RunAsync("log", "--json", "--conversation", conversation);
                return (entries = [.. log.Json.EnumerateArray()]).Count > 0;
            },
            $"words in {conversation}");
        return entries;
    }
}
