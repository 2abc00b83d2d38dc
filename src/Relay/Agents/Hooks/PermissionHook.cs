using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Asked;

namespace Relay.Agents.Hooks;

/// <summary>Asks the operator what a session's client asks its human: whether it may use a tool, what to choose, whether a plan is good.
/// Without an answer in time the client asks its own user.</summary>
internal sealed partial class PermissionHook(
    PermissionQuestions questions, ClientWaits waits, AgentIntake intake, SettingsSource settings, ILogger<PermissionHook> log)
{
    public async Task<HookAnswer> AnswerAsync(HttpContext context, Agent agent, HookEvent hook)
    {
        if (hook.IsInputTooLarge || ClientRequest.Of(hook) is not { } request)
            return HookAnswer.Nothing; // Nobody has seen all of it, so neither a rule nor the operator can allow it.
        if (request.Asked is ClientAsk.Permission permission && Rule(permission) is { } allowed)
        {
            LogAllowedByRule(agent.Session, permission.Tool, allowed.ToString());
            return HookAnswer.Allowed();
        }
        if (intake.TooLong(request.Text(agent.Folder)) is not null)
            return HookAnswer.Nothing; // Too long to be read, so the client asks its own user.
        if (await questions.AskAsync(agent, request, context.RequestAborted) is not { } question)
            return HookAnswer.Nothing; // Too many are open, so the client asks its own user.
        LogAsked(question, agent.Session, hook.ToolName ?? "");
        var wait = waits.Begin(question, agent.Id, hook);
        return await AnswerAsync(context, hook, request, wait);
    }

    private async Task<HookAnswer> AnswerAsync(HttpContext context, HookEvent hook, ClientRequest request, ClientWait wait)
    {
        var isGiven = false;
        try
        {
            var patience = hook.AgentId is null ? PermissionQuestions.Patience : settings.Current.Config.Agents.SubagentPatience;
            if (await questions.AnswerAsync(wait.Question, patience, context.RequestAborted) is not { } decision)
                return HookAnswer.Nothing;
            wait.Decide(decision);
            if (ClientConnection.IsClosed(context))
            {
                await questions.NotGivenAsync(wait);
                return HookAnswer.Nothing;
            }
            context.Response.OnCompleted(() => SettleAsync(context, wait));
            isGiven = true;
            return AskedAnswer.Of(request.Asked, hook.ToolInput, decision);
        }
        finally
        {
            if (!isGiven)
                waits.Forget(wait);
        }
    }

    /// <summary>The response is over.</summary>
    private async Task SettleAsync(HttpContext context, ClientWait wait)
    {
        if (!context.RequestAborted.IsCancellationRequested && !ClientConnection.WasReset(context))
        {
            wait.Gave(true);
            return;
        }
        await questions.NotGivenAsync(wait);
        waits.Forget(wait);
    }

    private AllowRule? Rule(ClientAsk.Permission asked) =>
        settings.Current.Config.Agents.Allow.FirstOrDefault(rule => Covers(rule, asked.Tool, asked.Input));

    private static bool Covers(AllowRule rule, string tool, JsonElement? input)
    {
        try
        {
            return rule.Covers(tool, input);
        }
        catch (RegexMatchTimeoutException)
        {
            return false; // No rule has decided, so the operator is asked.
        }
    }

    [LoggerMessage(LogLevel.Information, "{Session} may use {Tool} by the rule {Rule}")]
    private partial void LogAllowedByRule(SessionId session, string tool, string rule);

    [LoggerMessage(LogLevel.Information, "Question {Question}: {Session} and {Tool}")]
    private partial void LogAsked(long question, SessionId session, string tool);
}
