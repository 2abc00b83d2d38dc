using System.Text.Json;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Http;
using Relay.Running;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>POST /hooks/claude-code: one event of one Claude Code session. What it does not know it lets pass.</summary>
internal sealed partial class HookEndpoint(
    AgentStore agents, SessionStore sessions, StopHook stop, PermissionHook permission, Handover handover, AgentReplies replies, Signals signals, ILogger<HookEndpoint> log)
{
    public static readonly JsonSerializerOptions EventJson = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public async Task HandleAsync(HttpContext context)
    {
        if (await ReadAsync(context) is not { SessionId: { Length: > 0 } id, HookEventName: { } name } hook)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "the JSON of a Claude Code hook event is expected, with session_id and hook_event_name");
            return;
        }
        if (SessionHeader.Fault(context.Request) is { } fault)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault);
            return;
        }
        var given = SessionHeader.Of(context.Request)?.Value;
        if (await agents.SeenAsync(id, given, hook.Cwd ?? "", context.RequestAborted) is not { } agent)
        {
            await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "this session is not listed under sessions in config.yaml, and accept_unknown_sessions is false");
            return;
        }
        signals.Status.Set();
        LogHook(name, agent.Session, agent.Id);
        var answer = await AnswerAsync(context, agent, hook, name);
        await context.Response.WriteAsJsonAsync(answer, HookAnswer.Json, context.RequestAborted);
    }

    private async Task<HookAnswer> AnswerAsync(HttpContext context, Agent agent, HookEvent hook, string name)
    {
        var cancellationToken = context.RequestAborted;
        if (hook is { AgentId: not null } && name is not ("PreToolUse" or "PermissionRequest"))
            return HookAnswer.Nothing; // A subagent's: what waits is for the session itself.
        switch (name)
        {
            case "Stop":
                return await stop.AnswerAsync(context, agent, hook, cancellationToken);
            case "PermissionRequest":
                return await permission.AnswerAsync(agent, hook, cancellationToken);
            case "SessionStart":
                await agents.SetStateAsync(agent, AgentState.Idle, cancellationToken);
                return await DeliverAsync(context, agent, name, $"Relay is connected: this session is {agent.Session}; the advisor answers through ask_advisor.", cancellationToken);
            case "UserPromptSubmit":
                await agents.PromptedAsync(agent, cancellationToken);
                return await DeliverAsync(context, agent, name, always: null, cancellationToken);
            case "PostToolUse":
                await AtWorkAsync(agent, cancellationToken);
                return await DeliverAsync(context, agent, name, always: null, cancellationToken);
            case "PreToolUse" when hook.ToolUseId is { } use:
                if (hook.AgentId is null)
                    await AtWorkAsync(agent, cancellationToken);
                await agents.NoteToolUseAsync(use, agent, cancellationToken);
                return HookAnswer.Nothing;
            case "Notification" when hook.NotificationType == "idle_prompt":
                await agents.SetStateAsync(agent, AgentState.Idle, cancellationToken);
                return HookAnswer.Nothing;
            case "SessionEnd":
                await agents.SetStateAsync(agent, AgentState.Ended, cancellationToken);
                await sessions.EndedAsync(agent.Session, cancellationToken);
                return HookAnswer.Nothing;
            default:
                return HookAnswer.Nothing;
        }
    }

    /// <summary>A session that a waiter woke has no prompt to tell it by.</summary>
    private Task AtWorkAsync(Agent agent, CancellationToken cancellationToken) =>
        agent.State == AgentState.Active ? Task.CompletedTask : agents.SetStateAsync(agent, AgentState.Active, cancellationToken);

    private async Task<HookAnswer> DeliverAsync(HttpContext context, Agent agent, string name, string? always, CancellationToken cancellationToken)
    {
        var lease = await handover.TakeAsync(agent.Session, cancellationToken);
        await replies.CarryAsync(context, agent, lease, cancellationToken);
        var waiting = lease.IsEmpty ? null : "A reply from the advisor, which this session has been waiting for:\n\n" + lease.Text;
        var text = string.Join("\n\n", new[] { always, waiting }.Where(part => part is not null));
        return text.Length == 0 ? HookAnswer.Nothing : HookAnswer.Context(name, text);
    }

    private static async Task<HookEvent?> ReadAsync(HttpContext context)
    {
        try
        {
            var hook = await JsonSerializer.DeserializeAsync<HookEvent>(context.Request.Body, EventJson, context.RequestAborted);
            _ = hook?.ToolInput is { } input ? PermissionHook.Show(input) : null; // Text in it that is none is found here and not in mid-question.
            return hook;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    [LoggerMessage(LogLevel.Information, "Hook {Event} of {Session}, agent {Agent}")]
    private partial void LogHook(string @event, Conversations.SessionId session, string agent);
}
