using System.Text.Json;
using Relay.Operator.Asked;

namespace Relay.Agents.Hooks;

/// <summary>A client that waits for the operator's answer, or got it a moment ago.</summary>
/// <param name="agent">Claude Code's id of the session.</param>
/// <param name="hook">Its request.</param>
/// <param name="clock">Measures how long it waits.</param>
internal sealed class ClientWait(string agent, HookEvent hook, TimeProvider clock) : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly long _since = clock.GetTimestamp();
    private readonly TaskCompletionSource<bool> _given = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The operator's question; null while he is not asked.</summary>
    public long? Question { get; private set; }

    public string Agent => agent;

    public HookEvent Hook => hook;

    public string? Subagent => hook.AgentId;

    public string Tool => hook.ToolName ?? "";

    /// <summary>What it was given; null while it waits.</summary>
    public Decision? Decision { get; private set; }

    /// <summary>Whether the client took the answer: true once its response went out whole.</summary>
    public Task<bool> Given => _given.Task;

    public TimeSpan Waited => clock.GetElapsedTime(_since);

    /// <summary>It waits for nothing any more.</summary>
    public bool IsOver => _over.IsCancellationRequested;

    /// <summary>Of a wait that ends with it.</summary>
    public CancellationTokenSource Linked(CancellationToken other)
    {
        lock (_over)
            return IsOver
                ? CancellationTokenSource.CreateLinkedTokenSource(new CancellationToken(canceled: true))
                : CancellationTokenSource.CreateLinkedTokenSource(other, _over.Token);
    }

    public void Ask(long question) => Question = question;

    /// <summary>Of one that has an answer it is said when its response is over.</summary>
    public void Dispose()
    {
        if (Decision is null)
            Gave(false);
        lock (_over)
        {
            if (IsOver)
                return;
            _over.Cancel();
            _over.Dispose();
        }
    }

    public void Decide(Decision decision) => Decision = decision;

    public void Gave(bool given) => _given.TrySetResult(given);

    /// <summary>Whether a later event is about the same use of the tool. The client adds answers to a choice's input, and may change a
    /// plan.</summary>
    public bool IsAbout(HookEvent later)
    {
        if (later.ToolName != hook.ToolName || later.AgentId != hook.AgentId)
            return false;
        if (Tool == ClientRequest.PlanTool)
            return true;
        return Compared(hook) is { } mine && Compared(later) is { } other ? JsonElement.DeepEquals(mine, other) : hook.ToolInput is null;
    }

    private static JsonElement? Compared(HookEvent hook) => hook switch
    {
        { ToolInput: null } => null,
        { ToolName: ClientRequest.ChoiceTool, ToolInput: { ValueKind: JsonValueKind.Object } input } =>
            input.TryGetProperty("questions", out var questions) ? questions : null,
        _ => hook.ToolInput,
    };
}

/// <summary>Whether a client has the operator's answer.</summary>
internal enum ClientHas
{
    /// <summary>A relay before this one knew, or nobody did.</summary>
    Unknown,

    /// <summary>It is on its way.</summary>
    NotYet,

    /// <summary>The whole of it came to its side.</summary>
    Yes,

    /// <summary>It had gone, or its terminal was first.</summary>
    No,
}

/// <summary>The clients that wait for the operator, and those that were answered in their present turn. None of them outlives the relay.
/// Thread-safe.</summary>
internal sealed class ClientWaits(TimeProvider clock)
{
    /// <summary>Far more than can be open.</summary>
    private const int Most = 500;

    private readonly Lock _lock = new();
    private readonly List<ClientWait> _waits = [];

    /// <summary>Of those whose turn is over: what became of the answer.</summary>
    private readonly List<(long? Question, Task<bool> Given)> _over = [];

    public ClientWait Begin(string agent, HookEvent hook)
    {
        var wait = new ClientWait(agent, hook, clock);
        lock (_lock)
        {
            if (_waits.Count >= Most)
                RemoveLocked(_waits[0]);
            _waits.Add(wait);
        }
        return wait;
    }

    public void Forget(ClientWait wait)
    {
        lock (_lock)
            RemoveLocked(wait);
        wait.Dispose();
    }

    /// <summary>Of one session, oldest first.</summary>
    public List<ClientWait> Of(string agent)
    {
        lock (_lock)
            return _waits.FindAll(wait => wait.Agent == agent);
    }

    /// <summary>Whether the client that asked has its answer.</summary>
    /// <param name="question">What it asked.</param>
    /// <param name="limit">So long it is waited for.</param>
    public async Task<ClientHas> HasAsync(long question, TimeSpan limit)
    {
        if (GivenTo(question) is not { } given)
            return ClientHas.Unknown;
        await ((Task)given).WaitAsync(limit, clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !given.IsCompleted ? ClientHas.NotYet : await given ? ClientHas.Yes : ClientHas.No;
    }

    private Task<bool>? GivenTo(long question)
    {
        lock (_lock)
            return _waits.Find(each => each.Question == question)?.Given ?? _over.Find(each => each.Question == question).Given;
    }

    private void RemoveLocked(ClientWait wait)
    {
        if (!_waits.Remove(wait) || wait.Question is not { } question)
            return;
        if (_over.Count >= Most)
            _over.RemoveAt(0);
        _over.Add((question, wait.Given));
    }
}
