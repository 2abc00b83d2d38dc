using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;

namespace Relay.Agents.Hooks;

/// <summary>Asks the operator whether a session may use a tool. Without an answer in time the client asks its own user.</summary>
internal sealed partial class PermissionHook(
    PermissionQuestions questions, AgentIntake intake, SettingsSource settings, ILogger<PermissionHook> log)
{
    public async Task<HookAnswer> AnswerAsync(Agent agent, HookEvent hook, CancellationToken cancellationToken)
    {
        if (hook.IsInputTooLarge)
            return HookAnswer.Nothing; // Nobody has seen all of it, so neither a rule nor the operator can allow it.
        var tool = hook.ToolName ?? "a tool";
        if (settings.Current.Config.Agents.Allow.FirstOrDefault(rule => Covers(rule, tool, hook.ToolInput)) is { } allowed)
        {
            LogAllowedByRule(agent.Session, tool, allowed.ToString());
            return HookAnswer.Permission("allow", message: null);
        }
        var text = PermissionText.Of(tool, agent.Folder, hook.ToolInput);
        if (intake.TooLong(text) is not null)
            return HookAnswer.Nothing; // Too long to be read, so the client asks its own user.
        if (await questions.AskAsync(agent.Session, tool, text, cancellationToken) is not { } question)
            return HookAnswer.Nothing; // Too many are open, so the client asks its own user.
        LogAsked(question, agent.Session, tool);
        return await questions.AnswerAsync(question, cancellationToken) is { } answer ? Decide(answer) : HookAnswer.Nothing;
    }

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

    private static HookAnswer Decide(string answer) => PermissionWords.Of(answer) switch
    {
        PermissionWords.Word.Allow => HookAnswer.Permission("allow", message: null),
        _ => HookAnswer.Permission(
            "deny", $"The operator says: {(PermissionWords.ReasonOf(answer) is { Length: > 0 } reason ? reason : answer)}"),
    };

    [LoggerMessage(LogLevel.Information, "{Session} may use {Tool} by the rule {Rule}")]
    private partial void LogAllowedByRule(SessionId session, string tool, string rule);

    [LoggerMessage(LogLevel.Information, "Question {Question}: may {Session} use {Tool}")]
    private partial void LogAsked(long question, SessionId session, string tool);
}
