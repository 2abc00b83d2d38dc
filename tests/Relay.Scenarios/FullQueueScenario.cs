using System.Diagnostics;
using System.Globalization;
using Relay.Scenarios.Crash;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

public sealed class FullQueueScenario : Stage
{
    private const int Waiting = 2_000, Coming = 2_000, Sessions = 8, Conversations = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);
    private readonly Random _random = new(7);

    protected override string Config =>
        "history_char_cap: 3000\nsummarization_prompt: " + EchoingAdvisor.SummaryPrompt + "\nsessions:\n"
        + string.Concat(Enumerable.Range(0, Sessions).Select(SessionConfig));

    [Fact]
    public async Task Thousands_of_envelopes_are_all_answered_once_in_the_order_of_their_times()
    {
        var sessions = Enumerable.Range(0, Sessions).Select(number => new Session(Home, $"s-{number}")).ToList();
        var said = sessions.ToDictionary(session => session.Id, _ => new List<int>());
        var time = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-1);
        for (var number = 0; number < Waiting; number++)
            Drop(said, time, number);

        var started = Stopwatch.GetTimestamp();
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        for (var number = Waiting; number < Waiting + Coming; number++)
            Drop(said, time, number);
        await Eventually.WithinAsync(Limit, () => relay.HasExited || Answered(sessions) >= Waiting + Coming, CancellationToken);

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Say(string.Create(
            CultureInfo.InvariantCulture,
            $"full queue: {Waiting} waiting and {Coming} coming, {Answered(sessions)} answered in {seconds:0.0} s"));
        foreach (var session in sessions)
            Assert.Equal(said[session.Id], session.Received.Select(reply => NumberIn(reply.Text)));
        Assert.Empty(Directory.EnumerateFiles(Home.Paths.Rejected));
        foreach (var session in sessions)
            await session.DisposeAsync();
    }

    private static string SessionConfig(int number) => $"  - session_id: s-{number}\n    conversation: c-{number % Conversations}\n";

    private static int Answered(IEnumerable<Session> sessions) => sessions.Sum(session => session.Count);

    /// <summary>The names are random, so only the times give the order. Each is one microsecond later than the one before.</summary>
    private void Drop(Dictionary<string, List<int>> said, DateTime time, int number)
    {
        var session = $"s-{number % Sessions}";
        said[session].Add(number);
        Home.Drop(
            string.Create(CultureInfo.InvariantCulture, $"{_random.Next():x8}-{number}"), session,
            string.Create(CultureInfo.InvariantCulture, $"message {number}"), time.AddMicroseconds(number));
    }

    private static int NumberIn(string reply) => int.Parse(reply.Split(' ')[^1], CultureInfo.InvariantCulture);
}
