using System.Text.Json;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Faults;

/// <summary>A relay that is killed at work leaves in its log what is not yet in the database itself. SQLite would start without it, and
/// say nothing.</summary>
public sealed class LostLogScenarios : FaultStage
{
    private const int Messages = 60;

    private string Log => Home.Paths.DatabaseFile + "-wal";

    private string Kept => Path.Combine(Home.Paths.Root, "kept-wal");

    [Theory]
    [InlineData("removed")]
    [InlineData("emptied")]
    [InlineData("cut to half")]
    public async Task Without_its_log_it_is_refused_and_with_it_back_nothing_is_lost(string kind)
    {
        await using var session = new Session(Home, "session-1");
        await WorkAndDieAsync(session);
        File.Copy(Log, Kept);
        var size = new FileInfo(Log).Length;
        if (kind == "removed")
            File.Delete(Log);
        else
            await CutAsync(kind == "emptied" ? 0 : size / 2);

        var refusal = await RefusedAsync();
        await RefusedAsync();

        Assert.Single(refusal.Trim().Split('\n'));
        Assert.All(
            ["this home knows of ", "put relay.db-wal back", "relay run --forget"],
            part => Assert.Contains(part, refusal, StringComparison.Ordinal));
        Assert.Matches("the database (has only|is empty)", refusal);
        Assert.Equal("error", StateInFile());
        Assert.Equal(1, PagesOf("cannot start"));
        File.Move(Kept, Log, overwrite: true);
        await GoesOnAsync(session);
    }

    [Fact]
    public async Task A_tail_that_was_never_committed_is_no_loss()
    {
        await using var session = new Session(Home, "session-1");
        await WorkAndDieAsync(session);
        await using (var log = new FileStream(Log, FileMode.Append))
            await log.WriteAsync(new byte[2_000], CancellationToken); // Half a frame.

        await GoesOnAsync(session);
        Assert.Equal(0, PagesOf("error"));
    }

    [Fact]
    public async Task What_it_knew_torn_by_the_power_does_not_count_against_a_good_database()
    {
        await using var session = new Session(Home, "session-1");
        await WorkAndDieAsync(session);
        var known = await File.ReadAllTextAsync(Home.Paths.KnownDatabaseFile, CancellationToken);
        await File.WriteAllTextAsync(Home.Paths.KnownDatabaseFile, known[..(known.Length / 2)], CancellationToken);

        await GoesOnAsync(session);
    }

    [Fact]
    public async Task Told_to_forget_it_goes_on_with_what_is_there()
    {
        await using var session = new Session(Home, "session-1");
        await WorkAndDieAsync(session);
        await CutAsync(new FileInfo(Log).Length / 2);
        await RefusedAsync();

        await using var relay = await RelayProcess.ReadyAsync(RelayProcess.Launch(Home, more: ["--forget"]), CancellationToken);
        await UntilPagedAsync("goes on with what is there");

        await UntilAsync(() => Directory.GetFiles(Home.Paths.Queue, "*.json").Length == 0, () => relay.Output);
        Assert.True(await Home.CountAsync("SELECT COUNT(*) FROM messages", CancellationToken) > 0);
    }

    /// <summary>In the midst of it.</summary>
    private async Task WorkAndDieAsync(Session session)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        for (var number = 0; number < Messages; number++)
            session.Say($"message {number}");
        await UntilAsync( // All accepted: then what it knows of messages stands still.
            () => session.Count >= 10 && Directory.GetFiles(Home.Paths.Queue, "*.json").Length == 0,
            () => $"{session.Count} replies\n{relay.Output}");
        await relay.KillAsync();
        using var known = JsonDocument.Parse(await File.ReadAllBytesAsync(Home.Paths.KnownDatabaseFile, CancellationToken));
        var messages = known.RootElement.GetProperty("sqlite").GetProperty("messages").GetInt64();
        var entries = known.RootElement.GetProperty("sqlite").GetProperty("entries").GetInt64();
        var copy = Path.Combine(Home.Paths.Root, "copy.db");
        foreach (var part in (string[])["", "-wal"]) // To be read without a change to what was left.
            File.Copy(Home.Paths.DatabaseFile + part, copy + part);
        Say($"killed: {messages} messages and {entries} entries known, {new FileInfo(Log).Length} bytes of log");
        using (var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={copy};Pooling=False"))
        {
            await database.OpenAsync(CancellationToken);
            Assert.Equal(messages, Count(database, "SELECT SUM(last_number) FROM conversations"));
            var committed = Count(database, "SELECT SUM(last_position) FROM conversations");
            Assert.InRange(entries, committed - 4, committed); // The last commit may have been told to nobody yet.
        }
    }

    private static long Count(Microsoft.Data.Sqlite.SqliteConnection database, string sql)
    {
        using var command = database.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private async Task CutAsync(long length)
    {
        await using var file = File.OpenWrite(Log);
        file.SetLength(length);
    }

    private async Task GoesOnAsync(Session session)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await UntilAsync(() => session.Count == Messages, () => $"{session.Count} replies\n{relay.Output}");
        await UntilStatusAsync(relay, "running");
        Assert.Equal(Messages, session.Received.Select(reply => reply.Id).Distinct().Count());
        Assert.Equal(2 * Messages, await Home.CountAsync("SELECT COUNT(*) FROM entries", CancellationToken));
    }
}
