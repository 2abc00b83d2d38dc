using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>More than one would send in earnest: nothing is lost, nothing comes twice, and nobody waits for another's flood.</summary>
public sealed class LoadScenarios : IAsyncLifetime
{
    private const string Seen = "SELECT COUNT(*) FROM messages";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private DrainingApi _api = null!;
    private LoopbackNtfy _ntfy = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _api = await DrainingApi.StartAsync();
        _ntfy = await LoopbackNtfy.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _ntfy.DisposeAsync();
    }

    [Fact]
    public async Task Two_hundred_messages_of_a_megabyte_fit_through_a_heap_of_96_MiB()
    {
        const int messages = 200, sessions = 16, conversations = 4, length = 1_000_000;
        const long heap = 96L << 20;
        using var home = HomeOf(sessions, conversations, "keep_recent_turns: 3\n");
        for (var number = 0; number < messages; number++)
        {
            var line = new string('y', 49) + '\n';
            var text = number % 2 == 0 ? new string('x', length) : string.Concat(Enumerable.Repeat(line, length / line.Length));
            home.Drop($"s-{number % sessions}", string.Create(CultureInfo.InvariantCulture, $"{number:D8} {text}"));
        }

        var started = Stopwatch.GetTimestamp();
        await using var relay = await RelayProcess.ReadyAsync(RelayProcess.Launch(home, heap: heap), CancellationToken);
        await UntilAsync(home, relay, "SELECT COUNT(*) FROM messages WHERE state IN ('answered', 'held')", messages);

        var held = await home.CountAsync("SELECT COUNT(*) FROM messages WHERE state = 'held'", CancellationToken);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Say($"{messages} messages of 1 MB in {heap >> 20} MiB of heap: {seconds:0.0} s, {held} held");
        Assert.Equal(messages, await home.CountAsync("SELECT COUNT(DISTINCT SUBSTR(content, 1, 8)) FROM messages", CancellationToken));
        Assert.Equal(0, await home.CountAsync("SELECT COUNT(*) FROM messages WHERE state = 'held' AND reason IS NULL", CancellationToken));
        Assert.True(held < messages / 10, $"{held} are held");
        Assert.Empty(Directory.GetFiles(home.Paths.Rejected));
        Assert.False(relay.HasExited, relay.Error);
        Assert.Empty(await home.StrandedAsync());
    }

    [Fact]
    public async Task Another_conversation_s_file_waits_about_a_second_while_twenty_thousand_envelopes_are_there()
    {
        const int flood = 20_000;
        using var home = HomeOf(sessions: 2, conversations: 2);
        for (var number = 0; number < flood; number++)
            File.WriteAllText(
                Path.Combine(home.Paths.Queue, string.Create(CultureInfo.InvariantCulture, $"{number:D6}.json")),
                string.Create(CultureInfo.InvariantCulture, $$"""{"session_id": "s-0", "content": "message {{number:D6}}"}"""));
        await using var other = new Session(home, "s-1");
        await using var relay = await RelayProcess.StartAsync(home, CancellationToken);

        List<double> waits = [];
        for (var asked = 1; asked <= 5; asked++)
        {
            var saidAt = Stopwatch.GetTimestamp();
            other.Say("And me?");
            var expected = asked;
            await Eventually.ThatAsync(
                Limit, () => other.Count >= expected, () => $"no reply {expected}\n{relay.Error}", CancellationToken);
            waits.Add(Stopwatch.GetElapsedTime(saidAt, other.Received[^1].Ticks).TotalMilliseconds);
        }
        var waiting = Directory.GetFiles(home.Paths.Queue).Length;
        await UntilAsync(home, relay, Seen, flood + 5);
        await Eventually.ThatAsync( // They are removed once they are accepted.
            Limit, () => Directory.GetFiles(home.Paths.Queue).Length == 0, () => "envelopes stay in the queue", CancellationToken);

        Say($"{waiting} of {flood} waited still; another's turn took {string.Join(", ", waits.Select(wait => $"{wait:0}"))} ms");
        Assert.True(waiting > flood / 10, $"only {waiting} envelopes were left: this shows nothing");
        Assert.All(waits, wait => Assert.True(wait < 5_000, $"{wait:0} ms")); // The first has each file looked into once, on two cores.
        var order = await home.QueryAsync(
            "SELECT content FROM messages WHERE session_id = 's-0' ORDER BY number", row => row.Text(), CancellationToken);
        Assert.Equal(order.Order(StringComparer.Ordinal), order); // Written one after another: by time, then by name.
        Assert.Equal(flood, order.Distinct().Count());
    }

    [Fact]
    public async Task Of_two_thousand_rejected_files_the_newest_thousand_stay_with_one_page_and_a_count()
    {
        const int bad = 2_000;
        using var home = HomeOf(sessions: 1, conversations: 1);
        await using var session = new Session(home, "s-0");
        for (var number = 0; number < bad; number++)
            File.WriteAllText(
                Path.Combine(home.Paths.Queue, string.Create(CultureInfo.InvariantCulture, $"bad-{number:D6}.json")), "[]");
        await using var relay = await RelayProcess.StartAsync(home, CancellationToken);
        session.Say("In the midst of it");

        await Eventually.ThatAsync(
            Limit, () => session.Count == 1 && Status(home) is (1_000, 1_000), () => $"{Status(home)}\n{relay.Error}", CancellationToken);

        Assert.Equal(2_000, Directory.GetFiles(home.Paths.Rejected).Length);
        await _ntfy.WaitForPageAsync(IsOfRejected, Limit);
        Assert.Single(_ntfy.Pages, IsOfRejected);
        Assert.Contains("Removed the", await File.ReadAllTextAsync(Log(home), CancellationToken), StringComparison.Ordinal);
    }

    private static bool IsOfRejected(Page page) => page.Title.Contains("rejected", StringComparison.Ordinal);

    private static string Log(ScenarioHome home) => Directory.GetFiles(home.Paths.Logs, "*.log").Order(StringComparer.Ordinal).Last();

    private static (long Rejected, long Removed) Status(ScenarioHome home)
    {
        try
        {
            using var status = JsonDocument.Parse(File.ReadAllBytes(home.Paths.StatusFile));
            return (
                status.RootElement.GetProperty("envelopes_rejected").GetInt64(),
                status.RootElement.GetProperty("envelopes_removed").GetInt64());
        }
        catch (IOException)
        {
            return (-1, -1);
        }
    }

    private static async Task UntilAsync(ScenarioHome home, RelayProcess relay, string count, long expected)
    {
        var started = Stopwatch.GetTimestamp();
        var seen = -1L;
        while ((seen = await home.CountAsync(count, CancellationToken)) < expected)
        {
            Assert.False(relay.HasExited, $"{seen} of {expected}, then it ended\n{relay.Error}");
            Assert.True(Stopwatch.GetElapsedTime(started) < Limit, $"{seen} of {expected} after {Limit}\n{relay.Error}");
            await Eventually.WithinAsync(TimeSpan.FromSeconds(0.5), () => relay.HasExited, CancellationToken);
        }
    }

    private ScenarioHome HomeOf(int sessions, int conversations, string config = "") => new(
        _api.Address, _ntfy.Address,
        config + "sessions:\n" + string.Concat(Enumerable.Range(0, sessions).Select(number => string.Create(
            CultureInfo.InvariantCulture, $"  - session_id: s-{number}\n    conversation: c-{number % conversations}\n"))));

    private static void Say(FormattableString line)
    {
        var text = FormattableString.Invariant(line);
        TestContext.Current.TestOutputHelper?.WriteLine(text);
        Console.WriteLine(text);
    }
}
