using System.Text.Encodings.Web;
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
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public async Task<HookAnswer> AnswerAsync(Agent agent, HookEvent hook, CancellationToken cancellationToken)
    {
        var tool = hook.ToolName ?? "a tool";
        var input = hook.ToolInput is { } json ? Show(json) : "";
        if (settings.Current.Config.Agents.Allow.FirstOrDefault(rule => Covers(rule, tool, hook.ToolInput)) is { } allowed)
        {
            LogAllowedByRule(agent.Session, tool, allowed.ToString());
            return HookAnswer.Permission("allow", message: null);
        }
        if (intake.TooLong(tool + input) is not null)
            return HookAnswer.Nothing; // Too long for a page on a phone, so the client asks its own user.
        var text = $"{agent.Session} wants to use {tool} in {agent.Folder}:\n\n{input}\n\nAnswer allow, or deny with a reason.";
        if (await questions.AskAsync(agent.Session, tool, text, cancellationToken) is not { } question)
            return HookAnswer.Nothing; // Too many are open, so the client asks its own user.
        LogAsked(question, agent.Session, tool);
        return await questions.AnswerAsync(question, cancellationToken) is { } answer ? Decide(answer) : HookAnswer.Nothing;
    }

    /// <summary>Throws when a string of the input is not valid text, such as half a surrogate pair.</summary>
    public static string Show(JsonElement input) => JsonSerializer.Serialize(input, Readable);

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
