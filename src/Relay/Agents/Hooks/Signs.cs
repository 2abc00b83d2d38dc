using Relay.Dispatch;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>Reads in each event of a session what has become of the replies that were handed to it. (1) A call that has gone to the
/// background is remembered as that. (2) What the event shows to be with the model is consumed. (3) What was lost with its window waits
/// again, where a session begins or its user speaks.</summary>
internal sealed class Signs(Handover handover, Database database)
{
    /// <summary>Until then the client may still bring a reply that it has: what was lost never comes.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(5);

    /// <param name="agent">As it was before the event.</param>
    /// <param name="hook">The event.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task ReadAsync(Agent agent, HookEvent hook, CancellationToken cancellationToken)
    {
        var task = hook is { HookEventName: "PostToolUse", ToolUseId: { } use } ? BackgroundTask.Of(hook) : null;
        if (task is not null) // (1)
            await database.WriteAsync(
                writing => ToolUseStore.MovedAsync(writing, hook.ToolUseId!, agent, task, cancellationToken), cancellationToken);
        var ended = hook.HookEventName is "UserPromptSubmit" or "Stop" ? await EndedCallsAsync(agent, hook, cancellationToken) : [];
        if (task is null && hook is { HookEventName: "PostToolUse", ToolUseId: { } answered })
            ended.Add(answered);
        var told = IsClientsPrompt(hook) ? await WithTaskAsync(agent, cancellationToken) : [];
        await handover.ShownAsync( // (2)
            agent.Session,
            (reply, to) => IsThere(agent, hook, to, ended)
                || (IsInPrompt(hook, reply, to) && !(to.ToolUse is { } call && told.Contains(call))),
            cancellationToken);
        if (IsBeginning(hook) || HumanPrompt.Is(hook))
            await TakeBackAsync(agent, hook, cancellationToken); // (3)
    }

    /// <summary>The session begins anew. After a compaction it goes on.</summary>
    private static bool IsBeginning(HookEvent hook) => hook is { HookEventName: "SessionStart", Source: not "compact" };

    private static bool IsThere(Agent agent, HookEvent hook, Handing to, List<string> ended) =>
        (to.ToolUse is { } use && ended.Contains(use)) || (to.IsNextEvent && to.Agent == agent.Id && IsNext(hook));

    /// <summary>By its words, where nothing else tells: a short reply may stand in the end of another task, too.</summary>
    private static bool IsInPrompt(HookEvent hook, OutboundReply reply, Handing to) =>
        !to.IsNextEvent && IsClientsPrompt(hook) && SameWords.In(hook.Prompt!, reply.Carried)
        && to.IsWake != hook.Prompt!.Contains("<task-id>", StringComparison.Ordinal);

    /// <summary>Only the model's going on shows that it has what a hook has told it: neither an idle notice nor the end of the session
    /// does, nor what its subagents do.</summary>
    private static bool IsNext(HookEvent hook) => hook.AgentId is null && hook.HookEventName switch
    {
        "UserPromptSubmit" or "PreToolUse" or "PostToolUse" or "PermissionRequest" or "Stop" => true,
        "SessionStart" => !IsBeginning(hook),
        _ => false,
    };

    private static bool IsClientsPrompt(HookEvent hook) =>
        hook is { HookEventName: "UserPromptSubmit", Prompt: not null } && !HumanPrompt.Is(hook);

    /// <summary>The calls whose results the event shows to be with the model: of the tasks that it tells of, and at the end of a turn all
    /// that the model itself has waited for.</summary>
    private Task<List<string>> EndedCallsAsync(Agent agent, HookEvent hook, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var ended = new List<string>();
            foreach (var task in BackgroundTask.EndedBy(hook))
                if (await ToolUseStore.OfTaskAsync(reading, task, cancellationToken) is { } use)
                    ended.Add(use.Id);
            if (hook is { HookEventName: "Stop", AgentId: null })
                foreach (var reply in await Outbox.ForAgentAsync(reading, agent.Session, cancellationToken))
                    if (reply.Handed?.To.ToolUse is { } answered
                        && await ToolUseStore.FindAsync(reading, answered, cancellationToken) is { Subagent: null, Task: null } own
                        && own.Agent == agent.Id)
                        ended.Add(answered);
            return ended;
        },
        cancellationToken);

    /// <summary>The calls whose task is known, so that its own end is their sign and no other words are.</summary>
    private Task<HashSet<string>> WithTaskAsync(Agent agent, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var known = new HashSet<string>();
            var handed = await Outbox.ForAgentAsync(reading, agent.Session, cancellationToken);
            foreach (var use in handover.UsesCarried(agent.Session).Concat(handed.Select(reply => reply.Handed?.To.ToolUse)))
                if (use is not null && await ToolUseStore.FindAsync(reading, use, cancellationToken) is { Task: not null })
                    known.Add(use);
            return known;
        },
        cancellationToken);

    private Task TakeBackAsync(Agent agent, HookEvent hook, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var lost = new HashSet<string>();
            foreach (var reply in await Outbox.ForAgentAsync(writing, agent.Session, cancellationToken))
                if (reply.Handed is { } handed && (handed.To.Agent == agent.Id
                        ? IsBeginning(hook) || await IsLostAsync(writing, agent, handed, cancellationToken)
                        : await HasGoneAsync(writing, handed.To.Agent, reply, cancellationToken)))
                    lost.Add(reply.Id);
            await Outbox.LostAsync(writing, agent.Session, (reply, _) => lost.Contains(reply.Id), cancellationToken);
        },
        cancellationToken);

    /// <summary>Its user speaks to a session that should have shown it. A client at work brings the end of a task when it comes to it, so
    /// that is not lost yet.</summary>
    private static async Task<bool> IsLostAsync(Reading reading, Agent agent, Handed handed, CancellationToken cancellationToken)
    {
        if ((reading.Now - handed.At).Duration() <= OnItsWay)
            return false;
        return agent.State != AgentState.Active
            || (handed.To.ToolUse is { } use && await ToolUseStore.FindAsync(reading, use, cancellationToken) is { Task: null });
    }

    private static async Task<bool> HasGoneAsync(
        Reading reading, string agent, OutboundReply reply, CancellationToken cancellationToken) =>
        await AgentStore.FindAsync(reading, agent, cancellationToken) is not { State: not AgentState.Ended } other
        || other.Session != reply.Session;
}
