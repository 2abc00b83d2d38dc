using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator.Asked;

namespace Relay.Agents.Hooks;

/// <summary>The rules that allow a tool without asking. None of them answers a question or approves a plan.</summary>
internal sealed partial class PermissionRules(SettingsSource settings, ILogger<PermissionRules> log)
{
    public bool Allow(SessionId session, ClientAsk asked)
    {
        if (asked is not ClientAsk.Permission permission
            || settings.Current.Config.Agents.Allow.FirstOrDefault(rule => Covers(rule, permission)) is not { } rule)
            return false;
        LogAllowedByRule(session, permission.Tool, rule.ToString());
        return true;
    }

    private static bool Covers(AllowRule rule, ClientAsk.Permission asked)
    {
        try
        {
            return rule.Covers(asked.Tool, asked.Input);
        }
        catch (RegexMatchTimeoutException)
        {
            return false; // No rule has decided, so the operator is asked.
        }
    }

    [LoggerMessage(LogLevel.Information, "{Session} may use {Tool} by the rule {Rule}")]
    private partial void LogAllowedByRule(SessionId session, string tool, string rule);
}
