using System.Collections.Concurrent;
using Relay.Advisor;
using Relay.Costs;

namespace Relay.Tests.Testing;

/// <summary>Gives the scripted outcomes in order. Without a script it repeats the last block of the call. It keeps all calls.</summary>
internal sealed class ScriptedAdvisor : IAdvisor
{
    private static readonly TokenUsage Usage = new(100, 20, 0, 0, 0);
    private readonly ConcurrentQueue<Func<AdvisorCall, CancellationToken, Task<AdvisorOutcome>>> _script = new();
    private readonly ConcurrentQueue<AdvisorCall> _calls = new();

    /// <summary>What it counts of a call; null as a backend that has no such thing.</summary>
    public Func<AdvisorCall, long?> Count { get; set; } = _ => null;

    public IReadOnlyList<AdvisorCall> Calls => [.. _calls];

    public void Reply(params IEnumerable<string> texts)
    {
        foreach (var text in texts)
            Enqueue(Replied(text));
    }

    public void Enqueue(AdvisorOutcome outcome) => _script.Enqueue((_, _) => Task.FromResult(outcome));

    /// <summary>For outcomes that depend on the call, or whose time the test determines.</summary>
    public void Enqueue(Func<AdvisorCall, CancellationToken, Task<AdvisorOutcome>> answer) => _script.Enqueue(answer);

    /// <summary>The rest of the script.</summary>
    public void Forget() => _script.Clear();

    public static AdvisorOutcome.Replied Replied(string text, string stopReason = "end_turn") => new(text, stopReason) { Usage = Usage };

    public Task<long?> CountTokensAsync(AdvisorCall call, CancellationToken cancellationToken) => Task.FromResult(Count(call));

    public Task<AdvisorOutcome> AskAsync(AdvisorCall call, CancellationToken cancellationToken)
    {
        _calls.Enqueue(call);
        return _script.TryDequeue(out var answer)
            ? answer(call, cancellationToken)
            : Task.FromResult<AdvisorOutcome>(Replied($"reply to: {call.Messages[^1].Blocks[^1]}"));
    }
}
