using System.Globalization;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Faults;

/// <summary>What can become of relay.db, with the real program: never an empty database in place of a damaged one.</summary>
public sealed class DatabaseScenarios : FaultStage
{
    private string Database => Home.Paths.DatabaseFile;

    private string Backup => Path.Combine(Home.Paths.Root, "backup.db");

    [Theory]
    [InlineData("zero bytes")]
    [InlineData("cut off")]
    [InlineData("damaged")]
    [InlineData("a torn log")]
    [InlineData("of a newer schema")]
    public async Task After_a_kill_it_is_refused_and_with_the_backup_back_it_goes_on(string kind)
    {
        await using var session = new Session(Home, "session-1");
        await WorkAndDieAsync(session, isLogEmpty: kind is "cut off" or "damaged");
        while (kind == "a torn log" && new FileInfo(Database + "-wal") is not { Exists: true, Length: > 4096 })
            await WorkAndDieAsync(session, isLogEmpty: false); // It was emptied before the kill.
        Copy(Database, Backup);
        await SpoilAsync(kind);
        session.Say("after");

        var refusal = await RefusedAsync();
        await RefusedAsync();

        Assert.Contains(
            kind == "of a newer schema" ? "use the newer program" : "relay run --forget", refusal, StringComparison.Ordinal);
        Assert.Equal("error", StateInFile());
        Assert.Equal(1, PagesOf("cannot start"));
        foreach (var part in (string[])["", "-wal", "-shm"])
            File.Delete(Database + part);
        Copy(Backup, Database);
        var before = session.Count;
        await using var next = await RelayProcess.StartAsync(Home, CancellationToken);
        await UntilAsync(() => session.Count == before + 1, () => next.Output);
        await UntilStatusAsync(next, "running");
        Assert.Equal(before + 1, session.Received.Select(reply => reply.Id).Distinct().Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Removed_or_replaced_while_it_runs_all_is_in_the_rescued_file(bool isReplaced)
    {
        await using var session = new Session(Home, "session-1");
        await using (var relay = await RelayProcess.StartAsync(Home, CancellationToken))
        {
            session.Say("before");
            await UntilAsync(() => session.Count == 1, () => relay.Output);
            if (isReplaced)
            {
                await File.WriteAllTextAsync(Backup, "another", CancellationToken);
                File.Move(Backup, Database, overwrite: true);
            }
            else
                File.Delete(Database);
            session.Say("after");

            await UntilPagedAsync("relay.db.rescued");
            await UntilStatusAsync(relay, "error: ");
            await UntilAsync(() => StateInFile() == "error", () => $"status.json: {StateInFile()}");
            Assert.Single(Directory.GetFiles(Home.Paths.Queue, "*.json"));
            relay.Signal(RelayProcess.Terminate);
            Assert.Equal(0, await relay.ExitAsync(RelayProcess.StopLimit));
        }

        var refusal = await RefusedAsync();
        Assert.Contains("relay.db.rescued (", refusal, StringComparison.Ordinal);
        File.Delete(Database);
        File.Move(Database + ".rescued", Database);
        await using var next = await RelayProcess.StartAsync(Home, CancellationToken);
        await UntilAsync(() => session.Count == 2, () => next.Output);
        await UntilStatusAsync(next, "running");
        Assert.Equal(2, await Home.CountAsync("SELECT COUNT(*) FROM entries WHERE role = 'user'", CancellationToken));
        Assert.Single(Ntfy.Pages, page => page.Title == "Relay error: the database");
    }

    private async Task WorkAndDieAsync(Session session, bool isLogEmpty)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var all = session.Count + 3;
        while (session.Count < all)
        {
            var number = session.Count + 1;
            session.Say($"message {number}");
            await UntilAsync(() => session.Count == number, () => relay.Output);
        }
        var known = string.Create(CultureInfo.InvariantCulture, $"\"entries\": {2 * all}");
        await UntilAsync(
            () => File.ReadAllText(Home.Paths.KnownDatabaseFile).Contains(known, StringComparison.Ordinal),
            () => File.ReadAllText(Home.Paths.KnownDatabaseFile));
        if (isLogEmpty) // Some seconds after the last write.
            await UntilAsync(() => new FileInfo(Database + "-wal").Length == 0, () => "the log is not emptied");
        await relay.KillAsync();
    }

    private static void Copy(string from, string to)
    {
        foreach (var part in (string[])["", "-wal"])
            if (File.Exists(from + part))
                File.Copy(from + part, to + part);
    }

    private async Task SpoilAsync(string kind)
    {
        switch (kind)
        {
            case "zero bytes":
                await File.WriteAllBytesAsync(Database, [], CancellationToken);
                File.Delete(Database + "-wal");
                break;
            case "cut off":
                await using (var file = File.OpenWrite(Database))
                    file.SetLength(50_000);
                break;
            case "damaged":
                Noise(Database, from: 2 * 4096);
                File.Delete(Database + "-wal");
                break;
            case "a torn log":
                Noise(Database + "-wal", from: 32 + 24 + 500, length: 100);
                break;
            default:
                await Home.ChangeAsync("INSERT INTO schema_migrations (number, name, applied_at) VALUES (9999, '9999_future', 0)");
                break;
        }
    }

    private static void Noise(string path, long from, int? length = null)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        var noise = new byte[length ?? (RandomAccess.GetLength(file) - from)];
        new Random(7).NextBytes(noise);
        RandomAccess.Write(file, noise, from);
    }
}
