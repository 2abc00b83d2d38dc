using Relay.Dispatch;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>Answers each kind of hook event. Unknown events get an empty answer.</summary>
internal sealed class HookAnswers(
    StopHook stop, PermissionHook permission, AgentReplies replies, HookTraces traces, Database database)
{
    public async Task<HookAnswer> ToAsync(HttpContext context, Agent agent, HookEvent hook, string name)
    {
        var cancellationToken = context.RequestAborted;
        await traces.ReadAsync(agent, hook, name, cancellationToken);
        if (hook is { AgentId: not null } && name is not ("PreToolUse" or "PermissionRequest"))
            return HookAnswer.Nothing; // It comes from a subagent, but the replies are for the session itself.
        switch (name)
        {
            case "Stop":
                return await stop.AnswerAsync(context, agent, hook, cancellationToken);
            case "PermissionRequest":
                return await permission.AnswerAsync(context, agent, hook);
            case "SessionStart":
                return await BeginAsync(context, agent, hook, name);
            case "UserPromptSubmit":
                await PromptedAsync(agent, hook, cancellationToken);
                return await DeliverAsync(context, agent, name, always: null, cancellationToken);
            case "PostToolUse":
                await AtWorkAsync(agent, cancellationToken);
                return await DeliverAsync(context, agent, name, always: null, cancellationToken);
            case "PreToolUse" when hook.ToolUseId is { } use:
                return await NoteAsync(agent, use, hook.AgentId, cancellationToken);
            case "StopFailure": // The model could not be asked: nothing is relayed, and the session waits for its user.
            case "Notification" when hook.NotificationType == "idle_prompt":
                await SetStateAsync(agent, AgentState.Idle, cancellationToken);
                return HookAnswer.Nothing;
            case "SessionEnd":
                return await EndAsync(agent, cancellationToken);
            default:
                return HookAnswer.Nothing;
        }
    }

    private async Task<HookAnswer> BeginAsync(HttpContext context, Agent agent, HookEvent hook, string name)
    {
        await SetStateAsync(agent, AgentState.Idle, context.RequestAborted);
        var connected = $"Relay is connected: this session is {agent.Session}; the advisor answers through ask_advisor.";
        var answer = await DeliverAsync(context, agent, name, connected, context.RequestAborted);
        traces.Begun(agent);
        return answer with { SystemMessage = OtherVersion.Note(context.Request, hook) };
    }

    private async Task<HookAnswer> NoteAsync(Agent agent, string use, string? subagent, CancellationToken cancellationToken)
    {
        if (subagent is null)
            await AtWorkAsync(agent, cancellationToken);
        await database.WriteAsync(
            writing => ToolUseStore.NoteAsync(writing, use, agent, subagent, cancellationToken), cancellationToken);
        return HookAnswer.Nothing;
    }

    private Task<HookAnswer> EndAsync(Agent agent, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            await Departures.EndAsync(writing, agent, cancellationToken);
            return HookAnswer.Nothing;
        },
        cancellationToken);

    private Task SetStateAsync(Agent agent, AgentState state, CancellationToken cancellationToken) =>
        database.WriteAsync(writing => AgentStore.SetStateAsync(writing, agent, state, cancellationToken), cancellationToken);

    private Task PromptedAsync(Agent agent, HookEvent hook, CancellationToken cancellationToken) => HumanPrompt.Is(hook)
        ? database.WriteAsync(writing => AgentStore.PromptedAsync(writing, agent, cancellationToken), cancellationToken)
        : AtWorkAsync(agent, cancellationToken);

    /// <summary>Not every turn begins with a prompt of its user.</summary>
    private Task AtWorkAsync(Agent agent, CancellationToken cancellationToken) =>
        agent.State == AgentState.Active ? Task.CompletedTask : SetStateAsync(agent, AgentState.Active, cancellationToken);

    /// <param name="context">The request of the hook.</param>
    /// <param name="agent">Whose hook it is.</param>
    /// <param name="name">The hook event.</param>
    /// <param name="always">What the session is told even when no reply waits.</param>
    /// <param name="cancellationToken">Ends the delivery.</param>
    private async Task<HookAnswer> DeliverAsync(
        HttpContext context, Agent agent, string name, string? always, CancellationToken cancellationToken)
    {
        var lease = await replies.TakeAsync(agent, cancellationToken);
        lease.Fit(Carries.Hook - (always?.Length ?? 0));
        AgentReplies.Carry(context, lease, Handing.WithHook(agent.Id));
        var waiting = lease.IsEmpty ? null : Introduction.Of(lease);
        var text = string.Join("\n\n", new[] { always, waiting }.Where(part => part is not null));
        return text.Length == 0 ? HookAnswer.Nothing : HookAnswer.Context(name, text);
    }
}
