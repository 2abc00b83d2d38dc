using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Intake;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>A session wants to stop. (1) What waits for it makes it go on. (2) In relay mode its last message goes to the advisor and
/// (3) the hook is held; (4) the reply makes it go on, unless it starts with [DONE]. While the operator is asked, or when the hold nears
/// the client's limit, the session may stop and the reply comes by the next hook, prompt or waiter.</summary>
internal sealed partial class StopHook(AgentStore agents, Inbox inbox, ReplyWait wait, Handover handover, SettingsSource settings, ILogger<StopHook> log)
{
    private const string Done = "[DONE]";

    /// <summary>The client's own: after so many blocked stops in a row it ends the turn, and a reply given then would be lost.</summary>
    private const int ClientsBlockCap = 8;

    /// <summary>Under the 600 s that the client gives a hook by default.</summary>
    private const int HoldSeconds = 540, LongestHoldSeconds = 3_500;

    public async Task<HookAnswer> AnswerAsync(HttpContext context, Agent agent, HookEvent hook, CancellationToken cancellationToken)
    {
        if (agent.Blocks >= Number(context, "X-Relay-Block-Cap", ClientsBlockCap, int.MaxValue))
            return await LetStopAsync(agent, "Relay: the client ends a turn that was continued so often; replies come by the next prompt.", cancellationToken);
        var waiting = await handover.TakeAsync(agent.Session, cancellationToken); // (1)
        if (!waiting.IsEmpty)
            return await GoOnAsync(context, agent, waiting, relayed: false, byOperator: false, cancellationToken);
        waiting.Dispose();
        if (context.Request.Headers["X-Relay-Mode"] != "relay" || string.IsNullOrWhiteSpace(hook.LastAssistantMessage))
            return await LetStopAsync(agent, note: null, cancellationToken);
        if (agent.Rounds >= settings.Current.Config.Agents.MaxRounds)
            return await LetStopAsync(agent, $"Relay: {agent.Rounds} rounds with the advisor without a human; it goes on after your next prompt.", cancellationToken);
        return await RelayAsync(context, agent, hook, hook.LastAssistantMessage, cancellationToken);
    }

    private async Task<HookAnswer> RelayAsync(HttpContext context, Agent agent, HookEvent hook, string said, CancellationToken cancellationToken)
    {
        var acceptance = await inbox.AcceptAsync(agent.Session, said, Key(agent, hook, said), ReplyChannel.Agent, cancellationToken); // (2)
        if (acceptance is Inbox.Acceptance.Refused refused)
            return await LetStopAsync(agent, "Relay: " + refused.Reason, cancellationToken);
        var (conversation, message) = acceptance is Inbox.Acceptance.Accepted accepted
            ? (accepted.Conversation, accepted.Message)
            : (((Inbox.Acceptance.Duplicate)acceptance).Message.Conversation, ((Inbox.Acceptance.Duplicate)acceptance).Message.Id);
        await agents.SetStateAsync(agent, AgentState.Held, cancellationToken);
        var hold = TimeSpan.FromSeconds(Number(context, "X-Relay-Hold", HoldSeconds, LongestHoldSeconds));
        switch (await wait.WaitAsync(conversation, message, hold, leaveToOperator: true, _ => { }, cancellationToken)) // (3)
        {
            case Waited.Replied replied:
                return await GoOnAsync(context, agent, replied.Lease, relayed: true, replied.ByOperator, cancellationToken); // (4)
            case Waited.OperatorAsked asked:
                return await LetStopAsync(agent, $"Relay: the advisor has asked the operator (question #{asked.Question}). The reply comes when it is there.", cancellationToken);
            case Waited.GivenUp givenUp:
                return await LetStopAsync(agent, $"Relay: the operator gave the message up: {givenUp.Reason}", cancellationToken);
            case Waited.NotYet notYet:
                return await LetStopAsync(agent, $"Relay: not answered yet ({notYet.State}). The reply comes when it is there.", cancellationToken);
            default:
                throw new InvalidOperationException();
        }
    }

    private async Task<HookAnswer> GoOnAsync(
        HttpContext context, Agent agent, Handover.Lease lease, bool relayed, bool byOperator, CancellationToken cancellationToken)
    {
        context.Items[DeliveryReceipt.Key] = lease;
        var text = lease.Text;
        if (text.StartsWith(Done, StringComparison.Ordinal))
            return await LetStopAsync(agent, text[Done.Length..].Trim() is { Length: > 0 } word ? "Relay: " + word : null, cancellationToken);
        await agents.WentOnAsync(agent, relayed, byOperator, cancellationToken);
        LogGoesOn(agent.Session, agent.Rounds + 1);
        return HookAnswer.GoOn(text);
    }

    private async Task<HookAnswer> LetStopAsync(Agent agent, string? note, CancellationToken cancellationToken)
    {
        await agents.SetStateAsync(agent, AgentState.Idle, cancellationToken);
        return note is null ? HookAnswer.Nothing : new HookAnswer { SystemMessage = note };
    }

    /// <summary>The same stop told twice (by a plugin and by the project's settings) is one message; the same words in a later round are another.</summary>
    private static string Key(Agent agent, HookEvent hook, string said) => string.Create(
        CultureInfo.InvariantCulture,
        $"stop:{agent.Id}:{hook.PromptId}:{agent.Stops}:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(said)))}");

    private static int Number(HttpContext context, string header, int otherwise, int longest) =>
        int.TryParse(context.Request.Headers[header], NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0 ? Math.Min(given, longest) : otherwise;

    [LoggerMessage(LogLevel.Information, "{Session} goes on with a reply, round {Round}")]
    private partial void LogGoesOn(SessionId session, int round);
}
