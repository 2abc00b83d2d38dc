using Relay.Loopback;
using Relay.Scenarios.Harness;

namespace Relay.Scenarios.Crash;

/// <summary>The four sessions and the operator of the crash scenario.
/// Some messages come while the relay is down, others while it starts or runs.</summary>
internal sealed class CrashTalk : IAsyncDisposable
{
    private readonly int _total;
    private readonly int _perLife;
    private readonly Random _random;
    private readonly List<Session> _sessions;
    private readonly OperatorAtPhone _operator;

    public CrashTalk(ScenarioHome home, LoopbackNtfy ntfy, int total, int perLife, Random random)
    {
        _total = total;
        _perLife = perLife;
        _random = random;
        _sessions = [.. Enumerable.Range(1, 4).Select(number => new Session(home, FormattableString.Invariant($"s-{number}")))];
        Said = _sessions.ToDictionary(session => session, _ => new List<string>());
        _operator = new OperatorAtPhone(home, ntfy, page => EchoingAdvisor.Ruling(EchoingAdvisor.TagOf(page.Message)));
    }

    /// <summary>The tags that each session has sent, in order.</summary>
    public IReadOnlyDictionary<Session, List<string>> Said { get; }

    /// <summary>What input.json called each reply when it was taken.</summary>
    public IReadOnlyList<string?> Ids => [.. _sessions.SelectMany(session => session.Received).Select(reply => reply.Id)];

    /// <summary>When each life began.</summary>
    public List<DateTimeOffset> Lives { get; } = [];

    public int Count { get; private set; }

    public int Escalations { get; private set; }

    public bool IsAnswered => Said.All(each => each.Key.Count >= each.Value.Count);

    public void SayBeforeStart() => SayMany(_perLife / 2, escalate: false);

    public void Begins() => Lives.Add(TimeProvider.System.GetUtcNow());

    public void SayAfterStart(bool escalate) => SayMany(_perLife - _perLife / 2, escalate);

    public void SayTheRest() => SayMany(_total - Count, escalate: false);

    public async ValueTask DisposeAsync()
    {
        await _operator.DisposeAsync();
        foreach (var session in _sessions)
            await session.DisposeAsync();
    }

    private void SayMany(int count, bool escalate)
    {
        for (var index = 0; index < count && Count < _total; index++)
        {
            var session = _sessions[_random.Next(_sessions.Count)];
            var escalates = (escalate && index == 0) || Count % 25 == 24;
            var message = EchoingAdvisor.Message(++Count, escalates);
            Said[session].Add(EchoingAdvisor.TagOf(message));
            Escalations += escalates ? 1 : 0;
            session.Say(message);
        }
    }
}
