using Microsoft.Extensions.DependencyInjection;
using Relay.Loopback;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Sqlite;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>questions, sessions, log, explain and costs: they read the database, even while others have it open.</summary>
public sealed class ReadingCommandsTests : IAsyncDisposable
{
    private readonly CliHome _relay = new();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("questions")]
    [InlineData("sessions")]
    [InlineData("log")]
    [InlineData("costs")]
    [InlineData("messages")]
    public async Task Where_there_is_no_database_there_is_nothing_yet(string command)
    {
        var json = await _relay.RunAsync(command, "--json");
        var text = await _relay.RunAsync(command);

        Assert.Equal((0, 0), (json.Exit, json.Json.GetArrayLength()));
        Assert.Equal(0, text.Exit);
        Assert.False(File.Exists(_relay.Home.DatabaseFile));
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_left_alone_with_the_reason()
    {
        await using var relay = new CliHome(kind: SqlDialect.Sqlite.Name);
        await relay.StartAsync();
        await relay.StopAsync();
        await using (var database = SqliteDatabase.Open(relay.Home.DatabaseFile, new ChangeFeed(), TimeProvider.System))
        {
            const string later = "INSERT INTO schema_migrations (number, name, applied_at) VALUES (9999, 'later', 0)";
            await database.WriteAsync(
                writing => writing.Sql(later).ExecuteAsync(CancellationToken.None), CancellationToken.None);
        }

        var ran = await relay.RunAsync("log", "--json");

        Assert.Equal((78, ""), (ran.Exit, ran.Output));
        Assert.Contains("newer program", ran.Error);
    }

    [Fact]
    public async Task Where_no_daemon_runs_nothing_is_under_way()
    {
        await using var relay = new CliHome(
            "advisor: simulated\nlisten: 127.0.0.1:0\nbudget: {per_day_usd: 5}\n", SqlDialect.Sqlite.Name);
        await relay.StartAsync();
        await relay.RunAsync("ask", "--session", "s1", "Hello");
        await relay.StopAsync();
        await using (var database = SqliteDatabase.Open(relay.Home.DatabaseFile, new ChangeFeed(), TimeProvider.System))
            foreach (var asked in new[]
            {
                "UPDATE messages SET state = 'asking'", "UPDATE calls SET state = 'started', finished_at = NULL",
                "UPDATE spending SET reserved_nano = 5000000",
                "UPDATE conversations SET (call_message, call_id) = (SELECT message_id, call_id FROM calls)",
            })
                await database.WriteAsync(writing => writing.Sql(asked).ExecuteAsync(CancellationToken.None), CancellationToken.None);
        string[][] commands = [["messages"], ["explain", "1"], ["costs"], ["budget"]];

        foreach (var command in commands)
        {
            var said = (await relay.RunAsync(command)).Output;
            Assert.Contains("cut off when", said);
            Assert.DoesNotContain("under way", said);
            Assert.DoesNotContain("the advisor is working", said);
        }
        var waits = (await relay.RunAsync("messages", "--json")).Json[0].GetProperty("waits_for").GetString();
        Assert.StartsWith("the daemon to run", waits);
    }

    [Fact]
    public async Task A_write_ahead_log_left_by_a_killed_daemon_is_read_as_well()
    {
        await using var relay = new CliHome(kind: SqlDialect.Sqlite.Name);
        await relay.StartAsync();
        await relay.RunAsync("ask", "--session", "s1", "Hello");
        var killed = new CliHome(kind: SqlDialect.Sqlite.Name);
        killed.Home.CreateFolders();
        foreach (var suffix in (string[])["", "-wal"]) // The files as they are now. A kill at this moment would leave the same.
            File.Copy(relay.Home.DatabaseFile + suffix, killed.Home.DatabaseFile + suffix);

        var log = (await killed.RunAsync("log", "--json")).Json;

        Assert.Equal(2, log.GetArrayLength());
        await killed.DisposeAsync();
    }

    [Fact]
    public async Task The_log_is_read_while_a_transaction_is_open()
    {
        var daemon = await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "Hello");

        var database = daemon.Services.GetRequiredService<Database>();
        var log = await database.WriteAsync(_ => _relay.RunAsync("log", "--json"), CancellationToken.None);

        Assert.Equal(2, log.Json.GetArrayLength());
    }

    [Fact]
    public async Task The_log_cuts_long_entries_unless_the_whole_is_wanted()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "First line\nsecond line");

        var cut = await _relay.RunAsync("log", "-n", "2");
        var full = await _relay.RunAsync("log", "--full");
        var newest = await _relay.RunAsync("log", "-n", "1", "--json");

        Assert.Contains("s1: First line …\n", cut.Output);
        Assert.Contains("First line\n    second line\n", full.Output);
        Assert.Equal("advisor", Assert.Single(newest.Json.EnumerateArray()).GetProperty("speaker").GetString());
    }

    [Fact]
    public async Task Sessions_are_listed_with_what_waits_for_them()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");

        var session = (await _relay.RunAsync("sessions", "--json")).Json[0];

        Assert.Equal(("s1", 1), (session.GetProperty("session_id").GetString(), session.GetProperty("unanswered").GetInt32()));
    }

    [Fact]
    public async Task A_message_is_explained_from_its_acceptance_to_its_receipt()
    {
        await _relay.StartAsync();
        await _relay.EscalateAsync("s1");
        var id = (await _relay.RunAsync("questions", "--json")).Json[0].GetProperty("message").GetString()!;
        await _relay.RunAsync("answer", "Yes");
        var file = Path.Combine(_relay.Home.SessionFolder("s1"), "input.txt");
        await Until.TrueAsync(() => File.Exists(file), "the reply");
        File.Delete(file);
        await Until.TrueAsync(
            async () => (await _relay.RunAsync("explain", id)).Output.Contains("state         consumed"), "the receipt");

        var story = (await _relay.RunAsync("explain", id[^12..], "--json")).Json;

        Assert.Equal(id, story.GetProperty("id").GetString());
        Assert.Equal(2, story.GetProperty("calls").GetArrayLength());
        Assert.Equal("Yes", story.GetProperty("questions")[0].GetProperty("answer").GetString());
        Assert.Equal("Yes", story.GetProperty("answers")[0].GetProperty("text").GetString());
        Assert.EndsWith("+00:00", story.GetProperty("dispatches")[0].GetProperty("placed_at").GetString());
        Assert.EndsWith("+00:00", story.GetProperty("dispatches")[0].GetProperty("consumed_at").GetString());
    }

    [Fact]
    public async Task What_may_be_several_messages_exits_1_and_names_them()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "One", "--id", "k1");
        await _relay.RunAsync("ask", "--session", "s2", "Two", "--id", "k2");

        var ran = await _relay.RunAsync("explain", "1", "--json");
        var exact = await _relay.RunAsync("explain", "k2", "--json");

        Assert.Equal((1, ""), (ran.Exit, ran.Output));
        Assert.Matches("(?s)s2.*Two.*s1.*One", ran.Error);
        Assert.Equal("Two", exact.Json.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Costs_are_in_groups()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "One");
        await _relay.RunAsync("ask", "--session", "s2", "Two");

        var sessions = (await _relay.RunAsync("costs", "--by", "session", "--json")).Json;
        var days = (await _relay.RunAsync("costs", "--by", "day", "--json")).Json;

        Assert.Equal(["s1", "s2"], sessions.EnumerateArray().Select(sum => sum.GetProperty("group").GetString()));
        Assert.All(days.EnumerateArray(), day => Assert.Matches(@"\A\d{4}-\d\d-\d\d\z", day.GetProperty("group").GetString()));
        Assert.True(sessions[0].GetProperty("tokens").GetProperty("input").GetInt64() > 0);
    }

    [Fact]
    public async Task A_cost_nobody_knows_is_unknown_and_not_nothing()
    {
        await using var api = await LoopbackMessagesApi.StartAsync();
        await using var relay = new CliHome("model: some-new-model\nlisten: 127.0.0.1:0\n");
        relay.Environment["ANTHROPIC_API_KEY"] = "key";
        relay.Environment["ANTHROPIC_BASE_URL"] = api.Address.ToString();
        await relay.StartAsync();
        await relay.RunAsync("ask", "--session", "s1", "Hello", "--id", "k1");

        var costs = await relay.RunAsync("costs");
        var json = (await relay.RunAsync("costs", "--json")).Json[0];
        var status = await relay.RunAsync("status");

        Assert.Contains("unknown", costs.Output);
        Assert.DoesNotContain("0.00", costs.Output + status.Output);
        Assert.Equal("null", json.GetProperty("known_cost_usd").GetRawText());
        Assert.Equal("1", json.GetProperty("calls_of_unknown_cost").GetRawText());
        Assert.Contains("the cost of 1 call is unknown", status.Output);
    }

    [Fact]
    public async Task What_is_held_is_tried_again_on_request()
    {
        await using var api = await LoopbackMessagesApi.StartAsync();
        api.Enqueue(ScriptedReply.LowCredit());
        await using var relay = new CliHome("listen: 127.0.0.1:0\n");
        relay.Environment["ANTHROPIC_API_KEY"] = "key";
        relay.Environment["ANTHROPIC_BASE_URL"] = api.Address.ToString();
        await relay.StartAsync();
        await relay.RunAsync("send", "--session", "s1", "Hello", "--id", "k1");
        await Until.TrueAsync(
            async () => (await relay.RunAsync("status", "--json")).Json.GetProperty("state").GetString() == "error", "the hold");

        var retried = await relay.RunAsync("retry", "k1", "--json");
        var nothing = await relay.RunAsync("retry", "k2");

        Assert.Equal(0, retried.Exit);
        Assert.Equal(1, nothing.Exit);
        await Until.TrueAsync(() => File.Exists(Path.Combine(relay.Home.SessionFolder("s1"), "input.txt")), "the reply");
    }

    [Theory]
    [InlineData("build/42")]
    [InlineData("../retry")]
    [InlineData("..")]
    [InlineData("a%2Fb")]
    [InlineData("a b?until_spent#c")]
    [InlineData("ä🙂")]
    public async Task A_message_is_named_by_the_id_of_its_envelope_whatever_stands_in_it(string key)
    {
        await using var relay = new CliHome();
        await relay.StartAsync();
        await relay.RunAsync("pause");
        foreach (var id in (string[])[key, "other"])
            Assert.Equal(0, (await relay.RunAsync("send", "--session", "s1", "Hello", "--id", id)).Exit);
        await Until.TrueAsync(
            async () => (await relay.RunAsync("explain", key)).Exit == 0 && (await relay.RunAsync("explain", "other")).Exit == 0,
            "both messages");
        var message = (await relay.RunAsync("explain", key, "--json")).Json.GetProperty("id").GetString();

        var retried = await relay.RunAsync("retry", key); // It is not held, and nothing else is meant.
        var dropped = await relay.RunAsync("drop", key);

        Assert.Equal((1, $"message {message} is accepted: that cannot be done with it now\n"), (retried.Exit, retried.Error));
        Assert.Equal((0, $"{message} is given up\n"), (dropped.Exit, dropped.Output));
        Assert.Equal("accepted", (await relay.RunAsync("explain", "other", "--json")).Json.GetProperty("state").GetString());
    }

    [Fact]
    public async Task No_entry_is_asked_for_and_none_is_shown_though_there_are_some()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "Hello");

        var none = await _relay.RunAsync("log", "-n", "0");

        Assert.Equal((0, ""), (none.Exit, none.Output));
    }
}
