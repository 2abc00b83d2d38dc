using Relay.Conversations;
using Relay.Http;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>POST /hooks/claude-code: one event of one Claude Code session.</summary>
internal sealed partial class HookEndpoint(
    HookBody bodies, HookAnswers answers, Database database, SessionDirectory directory, ILogger<HookEndpoint> log)
{
    /// <summary>The client's are 36 characters long.</summary>
    private const int LongestId = 200;

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(5);

    public async Task HandleAsync(HttpContext context)
    {
        if (await bodies.ReadAsync(context) is not { SessionId: { Length: > 0 and <= LongestId } id, HookEventName: { } name } hook)
        {
            const string expected = "the JSON of a Claude Code hook event is expected, with session_id and hook_event_name";
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, expected);
            return;
        }
        if (SessionName.Fault(context.Request) is { } fault)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault);
            return;
        }
        var seen = new AgentSighting(id, SessionName.Of(context.Request)?.Value, hook.Cwd ?? "")
        {
            Caller = Caller.Of(context),
            Source = name == "SessionStart" ? hook.Source ?? "" : null,
        };
        var known = await database.ReadAsync(
            reading => AgentStore.FindAsync(reading, id, context.RequestAborted), context.RequestAborted);
        if (IsNoLonger(known, name))
        {
            await context.Response.WriteAsJsonAsync(HookAnswer.Nothing, HookAnswer.Json, context.RequestAborted);
            return;
        }
        var agent = name == "SessionEnd"
            ? known!.Belongs(seen.Caller) ? known : null // No name is made for one that ends.
            : await database.WriteAsync(
                writing => AgentStore.SeenAsync(writing, directory, seen, context.RequestAborted), context.RequestAborted);
        if (agent is null)
        {
            await RefuseAsync(context, seen);
            return;
        }
        LogHook(name, agent.Session, agent.Id);
        var answer = await answers.ToAsync(context, agent, hook, name);
        await context.Response.WriteAsJsonAsync(answer, HookAnswer.Json, context.RequestAborted);
    }

    /// <summary>The client tells the end even of a session that it has not begun, and what happened shortly before an end may be heard of
    /// after it: neither makes a session, nor brings one back.</summary>
    private bool IsNoLonger(Agent? known, string name) => name switch
    {
        "SessionEnd" => known is null or { State: AgentState.Ended },
        "SessionStart" or "UserPromptSubmit" or "PreToolUse" => false,
        _ => known is { State: AgentState.Ended } && (database.Clock.GetUtcNow() - known.LastSeenAt).Duration() < Late,
    };

    private async Task RefuseAsync(HttpContext context, AgentSighting seen)
    {
        var (status, reason, wait) = await database.ReadAsync(
            reading => RefusalAsync(reading, seen, context.RequestAborted), context.RequestAborted);
        await (wait is { } later
            ? Problem.WriteLaterAsync(context, reason, later)
            : Problem.WriteAsync(context, status, reason));
    }

    private async Task<(int Status, string Reason, TimeSpan? Wait)> RefusalAsync(
        Reading reading, AgentSighting seen, CancellationToken cancellationToken)
    {
        const string unknown = "this session is not listed under sessions in config.yaml, and accept_unknown_sessions is false";
        const string anothers = "this Claude Code session was connected with another token before: begin a new one, or use that token";
        var known = await AgentStore.FindAsync(reading, seen.Agent, cancellationToken);
        if (known?.Belongs(seen.Caller) == false)
            return (StatusCodes.Status403Forbidden, anothers, null);
        if (seen.GivenName is { } given && directory.Refusal(SessionId.Stored(given)) is { } refused)
            return (StatusCodes.Status403Forbidden, refused, null);
        return directory.AcceptsUnknown && seen.Caller.NameSource is { } source
            && await NameAllowance.WaitAsync(reading, directory, source, cancellationToken) is { } wait
            ? (StatusCodes.Status429TooManyRequests, NameAllowance.TooMany(directory), wait)
            : (StatusCodes.Status403Forbidden, unknown, null);
    }

    [LoggerMessage(LogLevel.Information, "Hook {Event} of {Session}, agent {Agent}")]
    private partial void LogHook(string @event, SessionId session, string agent);
}
