using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Intake;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>Answers a session that wants to stop. (1) If replies wait for it, it goes on with them. (2) In relay mode its last message
/// goes to the advisor, and (3) the hook waits for the reply. (4) The session goes on with the reply, unless it starts with [DONE].
/// The session stops when the operator is asked, when the client's limit for a hook is near, or when the client would not go on any
/// more. Then the reply comes with the next hook, prompt or waiter.</summary>
internal sealed partial class StopHook(
    AgentIntake intake, ReplyWait wait, AgentReplies replies, Database database, ILogger<StopHook> log)
{
    private const string Done = "[DONE]";

    /// <summary>After so many blocked stops in a row the client ends the turn by itself, and a reply given then would be lost.</summary>
    private const int ClientsBlockCap = 8;

    /// <summary>Less than the 600 s that the client gives a hook by default.</summary>
    private const int HoldSeconds = 540, LongestHoldSeconds = 3_500;

    public async Task<HookAnswer> AnswerAsync(HttpContext context, Agent agent, HookEvent hook, CancellationToken cancellationToken)
    {
        var goesOn = agent.Blocks < Number(context, "X-Relay-Block-Cap", ClientsBlockCap, int.MaxValue);
        if (goesOn && await replies.TakeAsync(agent, cancellationToken) is { IsEmpty: false } waiting) // (1)
            return await GoOnAsync(context, agent, waiting, cancellationToken);
        if (!IsRelayed(context) || string.IsNullOrWhiteSpace(hook.LastAssistantMessage))
            return await LetStopAsync(agent, note: null, cancellationToken);
        return await RelayAsync(context, agent, hook, goesOn, cancellationToken);
    }

    /// <summary>Whether a reply only lets its session stop.</summary>
    public static bool IsDone(OutboundReply reply) =>
        Provenance.TextOf(reply).AsSpan().TrimStart().StartsWith(Done, StringComparison.Ordinal);

    private async Task<HookAnswer> RelayAsync(
        HttpContext context, Agent agent, HookEvent hook, bool goesOn, CancellationToken cancellationToken)
    {
        var said = new Incoming(agent.Session, hook.LastAssistantMessage!, Key(agent, hook), ReplyChannel.Agent);
        var acceptance = await intake.AcceptRoundAsync(said, cancellationToken); // (2)
        if (acceptance is Inbox.Acceptance.Refused refused)
            return await LetStopAsync(agent, "Relay: this was not sent to the advisor: " + refused.Reason, cancellationToken);
        if (acceptance is Inbox.Acceptance.Accepted)
            await database.WriteAsync(writing => AgentStore.RelayedAsync(writing, agent, cancellationToken), cancellationToken);
        if (!goesOn)
            return await LetStopAsync(
                agent, "Relay: the client ends a turn that was continued so often. The reply comes when it is there.", cancellationToken);
        var (conversation, message) = acceptance is Inbox.Acceptance.Accepted accepted
            ? (accepted.Conversation, accepted.Message)
            : (((Inbox.Acceptance.Duplicate)acceptance).Message.Conversation, ((Inbox.Acceptance.Duplicate)acceptance).Message.Id);
        var hold = TimeSpan.FromSeconds(Number(context, "X-Relay-Hold", HoldSeconds, LongestHoldSeconds));
        return await AnswerAsync(context, agent, await HoldAsync(agent, conversation, message, hold, cancellationToken), cancellationToken);
    }

    private async Task<Waited> HoldAsync(
        Agent agent, ConversationId conversation, MessageId message, TimeSpan hold, CancellationToken cancellationToken)
    {
        try
        {
            var request = new ReplyRequest(conversation, message, hold) { LeaveToOperator = true };
            return await wait.WaitAsync(request, cancellationToken); // (3)
        }
        catch (OperationCanceledException)
        {
            // The client has ended the hook. Its session waits for its user now, and a waiter may wake it.
            await database.WriteAsync(writing => AgentStore.StoppedAsync(writing, agent, CancellationToken.None), CancellationToken.None);
            throw;
        }
    }

    private Task<HookAnswer> AnswerAsync(HttpContext context, Agent agent, Waited waited, CancellationToken cancellationToken)
    {
        const string later = "The reply comes when it is there.";
        return waited switch
        {
            Waited.Replied replied => GoOnAsync(context, agent, replied.Lease, cancellationToken), // (4)
            Waited.TakenElsewhere => Task.FromResult(HookAnswer.Nothing), // A second hook reported the same stop and got the reply.
            Waited.OperatorAsked asked => StopAsync($"the advisor has asked the operator (question #{asked.Question}). {later}"),
            Waited.GivenUp givenUp => StopAsync($"the operator gave the message up: {givenUp.Reason}"),
            Waited.NotYet notYet => StopAsync($"not answered yet ({notYet.State}). {later}"),
            _ => throw new InvalidOperationException(),
        };

        Task<HookAnswer> StopAsync(string note) => LetStopAsync(agent, "Relay: " + note, cancellationToken);
    }

    private async Task<HookAnswer> GoOnAsync(
        HttpContext context, Agent agent, Handover.Lease lease, CancellationToken cancellationToken)
    {
        var isDone = IsRelayed(context) && lease.Replies.All(IsDone);
        AgentReplies.Carry(context, lease, isDone ? null : Handing.WithHook(agent.Id));
        if (isDone)
        {
            var words = string.Join("\n\n", lease.Replies.Select(WordsAfterDone)).Trim();
            return await LetStopAsync(agent, words.Length > 0 ? "Relay: " + words : null, cancellationToken);
        }
        await database.WriteAsync(writing => AgentStore.WentOnAsync(writing, agent, cancellationToken), cancellationToken);
        LogGoesOn(agent.Session, agent.Blocks + 1);
        return HookAnswer.GoOn(lease.Text);
    }

    private static string WordsAfterDone(OutboundReply reply) => Provenance.TextOf(reply).TrimStart()[Done.Length..].Trim();

    private static bool IsRelayed(HttpContext context) => context.Request.Headers["X-Relay-Mode"] == "relay";

    private async Task<HookAnswer> LetStopAsync(Agent agent, string? note, CancellationToken cancellationToken)
    {
        await database.WriteAsync(writing => AgentStore.StoppedAsync(writing, agent, cancellationToken), cancellationToken);
        return note is null ? HookAnswer.Nothing : new HookAnswer { SystemMessage = note };
    }

    /// <summary>A stop that is reported twice (by a plugin and by the project's settings) is one message.
    /// The same words at a later stop are another message.</summary>
    private static string Key(Agent agent, HookEvent hook)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(hook.LastAssistantMessage!));
        return string.Create(
            CultureInfo.InvariantCulture, $"stop:{agent.Id}:{hook.PromptId}:{agent.Stops}:{Convert.ToHexStringLower(hash)}");
    }

    private static int Number(HttpContext context, string header, int otherwise, int longest) =>
        int.TryParse(context.Request.Headers[header], NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0
            ? Math.Min(given, longest)
            : otherwise;

    [LoggerMessage(LogLevel.Information, "{Session} goes on with a reply, {Blocks} in a row")]
    private partial void LogGoesOn(SessionId session, int blocks);
}
