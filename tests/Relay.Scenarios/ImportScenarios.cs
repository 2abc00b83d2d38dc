using System.Globalization;
using System.Text.Json;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

public sealed class ImportScenarios : Stage
{
    private const int Lines = 5_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    protected override string Config => "history_char_cap: 50000000\n";

    [Theory]
    [InlineData("import-1-copied", 0)]
    [InlineData("import-2-committed", Lines)]
    public async Task A_large_history_is_taken_over_once_whatever_dies_meanwhile(string step, int entriesAfterKill)
    {
        var lines = Enumerable.Range(0, Lines).ToList();
        var history = lines.Select(number => new { role = IsUser(number) ? "user" : "assistant", content = Line(number) });
        await File.WriteAllBytesAsync(Home.Paths.HistoryFile, JsonSerializer.SerializeToUtf8Bytes(history), CancellationToken);
        Assert.True(new FileInfo(Home.Paths.HistoryFile).Length > 5_000_000);
        await using var session = new Session(Home, "session-1");

        await using (var killed = RelayProcess.Launch(Home, step))
            Assert.Equal(RelayProcess.Killed, await killed.ExitAsync(Limit));
        var afterKill = await EntriesAsync();
        await using (await RelayProcess.StartAsync(Home, CancellationToken)) { }
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        session.Say("What did we decide?");
        await Eventually.ThatAsync(Limit, () => session.Count == 1, () => "no reply", CancellationToken);

        Assert.Equal(entriesAfterKill, afterKill);
        Assert.Equal(Lines + 2, await EntriesAsync());
        var request = Assert.Single(Api.Requests);
        var sent = request.Messages.Take(Lines).Select(turn => turn.Text);
        Assert.Equal(lines.Select(number => (IsUser(number) ? "[user] " : "") + Line(number)), sent);
    }

    private static bool IsUser(int number) => number % 2 == 0;

    private static string Line(int number) => string.Create(CultureInfo.InvariantCulture, $"line {number} {new string('x', 1_000)}");

    private Task<long> EntriesAsync() => Home.CountAsync("SELECT COUNT(*) FROM entries", CancellationToken);
}
