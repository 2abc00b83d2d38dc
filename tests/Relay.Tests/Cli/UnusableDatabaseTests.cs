using Relay.Running;
using Relay.Storage;
using Relay.Storage.Sqlite;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What every command that reads the database says and how it ends, where that cannot be used.</summary>
public sealed class UnusableDatabaseTests : IAsyncLifetime
{
    private readonly CliHome _relay = new(kind: SqlDialect.Sqlite.Name);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _relay.StartAsync();
        for (var number = 0; number < 3; number++)
            await _relay.RunAsync("ask", "--session", "s", $"Question {number}");
        await _relay.StopAsync();
    }

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("newer", "at migration 9999, this program knows", "use the newer program")]
    [InlineData("removed", "relay.db is missing", "--forget")]
    [InlineData("no database", "is no database of SQLite", "--forget")]
    public async Task Each_exits_78_with_the_reason_and_prints_nothing_that_it_cannot_know(string kind, string reason, string remedy)
    {
        await SpoilAsync(kind);

        foreach (var command in (string[])
            ["questions", "sessions", "messages", "log", "log --json", "explain 01a2", "costs", "costs --by day", "messages --json", "run"])
        {
            var ran = await _relay.RunAsync(command.Split(' ')).WaitAsync(TimeSpan.FromSeconds(30), CancellationToken);
            Assert.Equal((command, 78, ""), (command, ran.Exit, ran.Output));
            var line = Assert.Single(ran.Error.Trim().Split('\n'));
            Assert.All([reason, remedy], part => Assert.Contains(part, line, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("newer", "use the newer program")]
    [InlineData("removed", "relay.db is missing")]
    [InlineData("no database", "is no database of SQLite")]
    public async Task Status_says_it_too_and_what_was_written_last_with_its_age(string kind, string reason)
    {
        await SpoilAsync(kind);
        var now = TimeProvider.System.GetUtcNow();
        File.SetLastWriteTimeUtc(_relay.Home.StatusFile, now.AddHours(-3).UtcDateTime);

        var text = await _relay.RunAsync("status");
        var json = await _relay.RunAsync("status", "--json");
        File.Delete(_relay.Home.StatusFile);
        var none = await _relay.RunAsync("status", "--json");

        Assert.Equal((78, 78), (text.Exit, json.Exit));
        Assert.All([text, json, none], ran => Assert.Contains(reason, ran.Error, StringComparison.Ordinal));
        Assert.Contains("this is what state/status.json said 3h ago", text.Error, StringComparison.Ordinal);
        Assert.InRange(json.Json.GetProperty("as_of").GetDateTimeOffset(), now.AddHours(-4), now.AddHours(-2));
        Assert.False(json.Json.GetProperty("running").GetBoolean());
        Assert.Equal((78, ""), (none.Exit, none.Output));
    }

    [Theory]
    [InlineData("newer")]
    [InlineData("removed")]
    public async Task What_needs_the_daemon_says_that_and_what_is_sent_waits(string kind)
    {
        await SpoilAsync(kind);

        foreach (var command in (string[])["answer yes", "retry", "drop 01a2"])
            Assert.Equal((command, 69), (command, (await _relay.RunAsync(command.Split(' '))).Exit));

        Assert.Equal(0, (await _relay.RunAsync("send", "--session", "s", "--id", "one", "words")).Exit);
        Assert.Single(Directory.GetFiles(_relay.Home.Queue, "*.json"));
    }

    private async Task SpoilAsync(string kind)
    {
        var file = _relay.Home.DatabaseFile;
        if (kind == "removed")
            File.Delete(file);
        else if (kind == "no database")
            await File.WriteAllTextAsync(file, new string('x', 5_000), CancellationToken);
        else
        {
            await using var database = SqliteDatabase.Open(file, new ChangeFeed(), TimeProvider.System);
            await database.WriteAsync(
                writing => writing.Sql("INSERT INTO schema_migrations (number, name, applied_at) VALUES (9999, 'future', 0)")
                    .ExecuteAsync(CancellationToken),
                CancellationToken);
        }
    }
}
