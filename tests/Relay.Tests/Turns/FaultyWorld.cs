using System.Globalization;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Loopback;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>A relay with an API, an operator, sessions and a clock that all misbehave at random, by one seed.</summary>
internal sealed class FaultyWorld : IAsyncDisposable
{
    private const int MostUnfinished = 25;
    private static readonly string[] Sessions = ["a1", "a2", "b1", "b2", "c1"];

    private const string Config = """
        sessions:
          - {session_id: a1, conversation: a}
          - {session_id: a2, conversation: a}
          - {session_id: b1, conversation: b}
          - {session_id: b2, conversation: b}
          - {session_id: c1, conversation: c}

        """;

    /// <summary>Texts for which the API refuses every call that carries them, wherever they stand in it.</summary>
    private const string Malformed = "MALFORMED", Forbidden = "FORBIDDEN", Huge = "HUGE";

    private readonly Random _random;
    private readonly Dictionary<string, int> _done = [];
    private LoopbackMessagesApi _api = null!;
    private bool _isFaulty = true, _isStalling;
    private int _said;

    private FaultyWorld(int seed) => _random = new Random(seed);

    public TempRelay Relay { get; private set; } = null!;

    /// <summary>What the sessions have read.</summary>
    public List<string> Consumed { get; } = [];

    public int Requests => _api.Requests.Count;

    /// <summary>Calls for which the API had begun to answer.</summary>
    public int Paid { get; private set; }

    public string Done => string.Join(", ", _done.OrderBy(each => each.Key).Select(each => $"{each.Key} {each.Value}"));

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static async Task<FaultyWorld> StartAsync(int seed)
    {
        var world = new FaultyWorld(seed);
        world._api = await LoopbackMessagesApi.StartAsync(new LoopbackMessagesApiOptions { Answer = world.Answer });
        world.Relay = await TempRelay.CreateAsync(Config, api: world._api.Address);
        return world;
    }

    public async Task StepAsync()
    {
        var (name, act) = _random.Next(100) switch
        {
            < 25 => ("say", SayAsync),
            < 55 => ("turns", TurnsAsync),
            < 65 => ("wait", WaitAsync),
            < 68 => ("clock", JumpAsync),
            < 78 => ("answer", AnswerAsync),
            < 82 => ("direct", DirectAsync),
            < 86 => ("drop", DropAsync),
            < 91 => ("retry", RetryAsync),
            < 95 => ("loops", LoopsAsync),
            < 98 => ("restart", Relay.RestartAsync),
            _ => ("kill in a call", (Func<Task>)KillAsync),
        };
        _done[name] = _done.GetValueOrDefault(name) + 1;
        await act();
    }

    public async Task AssertNothingStrandedAsync() =>
        Assert.Empty(await Relay.ReadAsync(reading => StateCheck.ReadAsync(reading, CancellationToken)));

    /// <summary>The faults end, but for texts that are bad in themselves, and the operator does what the pages advise.</summary>
    public async Task SettleAsync()
    {
        _isFaulty = false;
        for (var round = 0; round < 400 && await UnfinishedAsync() is { Count: > 0 } unfinished; round++)
        {
            foreach (var question in await Relay.OpenQuestionsAsync())
                await Relay.AnswerAsync("Go on.", question.Id);
            foreach (var message in unfinished.FindAll(message => message.State == MessageState.Held))
                await Relay.Get<Holds>().DropAsync(message, CancellationToken);
            Relay.Clock.Advance(TimeSpan.FromMinutes(20));
            await TurnsAsync();
            await LoopsAsync();
        }
        await AssertNothingStrandedAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await _api.DisposeAsync();
    }

    private async Task SayAsync()
    {
        if ((await UnfinishedAsync()).Count > MostUnfinished)
            return;
        await Relay.AcceptAsync(Pick(Sessions), Text("message"));
    }

    private string Text(string kind)
    {
        var flaw = _random.Next(100) switch { < 4 => Malformed, < 8 => Forbidden, < 11 => Huge, _ => "" };
        return string.Create(CultureInfo.InvariantCulture, $"{kind} {++_said} {flaw}");
    }

    private async Task TurnsAsync()
    {
        await Relay.TakeTurnsAsync();
        await Relay.RunAsync<Dispatcher>();
        Consumed.AddRange(Sessions.Select(Relay.Consume).OfType<string>());
    }

    private Task WaitAsync()
    {
        Relay.Clock.Advance(TimeSpan.FromSeconds(_random.Next(1, 900)));
        return Task.CompletedTask;
    }

    /// <summary>Somebody sets the clock, forward or back.</summary>
    private Task JumpAsync()
    {
        Relay.Clock.AdjustTime(Relay.Clock.GetUtcNow() + TimeSpan.FromMinutes(_random.Next(-180, 180)));
        return Task.CompletedTask;
    }

    /// <summary>In time, or to a question that is answered or that never was.</summary>
    private async Task AnswerAsync()
    {
        var open = await Relay.OpenQuestionsAsync();
        var question = _random.Next(4) == 0 ? _random.Next(1, 50) : open.Count > 0 ? Pick(open).Id : (long?)null;
        await Relay.AnswerAsync(Text("answer"), question);
    }

    private async Task DirectAsync() => await Relay.AnswerAsync($"@{Pick(Sessions)}: word {++_said}");

    private async Task DropAsync()
    {
        if (await UnfinishedAsync() is { Count: > 0 } unfinished)
            await Relay.Get<Holds>().DropAsync(Pick(unfinished), CancellationToken);
    }

    private async Task RetryAsync()
    {
        if (await UnfinishedAsync() is { Count: > 0 } unfinished)
            await Relay.Get<Holds>().RetryAsync(Pick(unfinished), CancellationToken);
    }

    private async Task LoopsAsync()
    {
        await Relay.RunAsync<HoldRetry>();
        await Relay.RunAsync<StateWatch>();
    }

    /// <summary>The relay dies while it waits for a reply.</summary>
    private async Task KillAsync()
    {
        var before = Requests;
        _isStalling = true;
        var turns = Relay.TakeTurnsAsync();
        await Until.TrueAsync(() => turns.IsCompleted || Requests > before, "a call");
        _isStalling = false;
        await Relay.RestartAsync();
        _api.ReleaseStalled();
        await turns.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private ScriptedReply Answer(AdvisorRequest request)
    {
        var said = request.Body;
        return
            said.Contains(Malformed, StringComparison.Ordinal) ? ScriptedReply.Status(400)
            : said.Contains(Huge, StringComparison.Ordinal) ? ScriptedReply.PromptTooLong()
            : said.Contains(Forbidden, StringComparison.Ordinal) ? Begun(ScriptedReply.Refusal("This is forbidden."))
            : _isStalling ? ScriptedReply.StallBeforeHeaders("too late")
            : _isFaulty ? RandomReply()
            : Good();
    }

    private ScriptedReply RandomReply() => _random.Next(100) switch
    {
        < 8 => ScriptedReply.Status(529),
        < 11 => ScriptedReply.RateLimited(retryAfter: "30"),
        < 14 => ScriptedReply.Status(500),
        < 18 => Begun(ScriptedReply.CutAfter(2)),
        < 20 => Begun(ScriptedReply.ErrorEvent("overloaded_error")),
        < 23 => ScriptedReply.Garbage(),
        < 25 => ScriptedReply.Status(400),
        < 27 => Begun(ScriptedReply.Empty()),
        < 29 => ScriptedReply.LowCredit(),
        < 31 => ScriptedReply.Status(401),
        < 33 => ScriptedReply.Status(404),
        < 35 => Begun(ScriptedReply.Refusal("No.")),
        < 45 => Begun(ScriptedReply.Text($"[NEEDS-JC] Which, {++_said}?")),
        _ => Good(),
    };

    private ScriptedReply Good() => Begun(ScriptedReply.Text($"reply {++_said}"));

    private ScriptedReply Begun(ScriptedReply reply)
    {
        Paid++;
        return reply;
    }

    private async Task<List<Message>> UnfinishedAsync() => (await Relay.MessagesAsync()).FindAll(message => message.IsUnanswered);

    private T Pick<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];
}
