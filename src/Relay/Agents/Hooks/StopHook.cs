using System.Globalization;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>Answers a session that wants to stop. (1) If replies wait for it, it goes on with them. (2) While its background work runs it
/// has not reported yet, so nothing is sent. (3) In relay mode its last message goes to the advisor, and the hook waits for the reply.
/// (4) The session goes on with the reply, unless it starts with [DONE].
/// The session stops when the operator is asked, when the client's limit for a hook is near, or when the client would not go on any
/// more. Then the reply comes with the next hook, prompt or waiter.</summary>
internal sealed partial class StopHook(
    StopRelay relay, BackgroundWork background, AgentReplies replies, Database database, ILogger<StopHook> log)
{
    private const string Done = "[DONE]";

    /// <summary>After so many blocked stops in a row the client ends the turn by itself, and a reply given then would be lost.</summary>
    private const int ClientsBlockCap = 8;

    /// <summary>Less than the 600 s that the client gives a hook by default.</summary>
    private const int HoldSeconds = 540, LongestHoldSeconds = 3_500;

    public async Task<HookAnswer> AnswerAsync(HttpContext context, Agent agent, HookEvent hook, CancellationToken cancellationToken)
    {
        var goesOn = agent.Blocks < Number(context, "X-Relay-Block-Cap", ClientsBlockCap, int.MaxValue);
        var running = background.Of(agent, hook);
        if (goesOn && await replies.TakeAsync(agent, cancellationToken) is { IsEmpty: false } waiting) // (1)
            return await GoOnAsync(context, agent, waiting, cancellationToken);
        if (!IsRelayed(context) || NoReport.Is(hook.LastAssistantMessage))
            return await LetStopAsync(agent, note: null, cancellationToken);
        if (running.Count > 0) // (2)
            return await LetStopAsync(agent, NoteOf(running), cancellationToken);
        var hold = TimeSpan.FromSeconds(Number(context, "X-Relay-Hold", HoldSeconds, LongestHoldSeconds));
        return await RelayAsync(context, new RelayedStop(agent, hook, goesOn, hold), cancellationToken); // (3)
    }

    /// <summary>Whether a reply only lets its session stop.</summary>
    public static bool IsDone(OutboundReply reply) =>
        Provenance.TextOf(reply).AsSpan().TrimStart().StartsWith(Done, StringComparison.Ordinal);

    /// <summary>Agents and calls bring the session back soon. A command of the shell may never end, so its user is told.</summary>
    private static string? NoteOf(IReadOnlyList<string> running) => running.Contains("shell")
        ? "Relay: this was not sent to the advisor, for a command of this session runs in the background. What the session says when it "
            + "ends is sent, or after your next prompt."
        : null;

    private async Task<HookAnswer> RelayAsync(HttpContext context, RelayedStop stop, CancellationToken cancellationToken)
    {
        var agent = stop.Agent;
        try
        {
            switch (await relay.RelayAsync(stop, cancellationToken))
            {
                case Relayed.Replied replied:
                    return await GoOnAsync(context, agent, replied.Lease, cancellationToken); // (4)
                case Relayed.NothingNew alike:
                    AgentReplies.Carry(context, alike.Lease, to: null);
                    return await LetStopAsync(agent, alike.Note, cancellationToken);
                case Relayed.Elsewhere:
                    return HookAnswer.Nothing;
                case Relayed.Stops stops:
                    return await LetStopAsync(agent, stops.Note, cancellationToken);
                default:
                    throw new InvalidOperationException();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The client has ended the hook. Its session waits for its user now, and a waiter may wake it.
            await database.WriteAsync(writing => AgentStore.StoppedAsync(writing, agent, CancellationToken.None), CancellationToken.None);
            throw;
        }
    }

    private async Task<HookAnswer> GoOnAsync(
        HttpContext context, Agent agent, Handover.Lease lease, CancellationToken cancellationToken)
    {
        var isDone = IsRelayed(context) && lease.Replies.All(IsDone);
        if (!isDone)
            lease.Fit(Carries.Hook);
        AgentReplies.Carry(context, lease, isDone ? null : Handing.WithHook(agent.Id));
        if (isDone)
        {
            var words = string.Join("\n\n", lease.Replies.Select(WordsAfterDone)).Trim();
            return await LetStopAsync(agent, words.Length > 0 ? "Relay: " + words : null, cancellationToken);
        }
        await database.WriteAsync(writing => AgentStore.WentOnAsync(writing, agent, cancellationToken), cancellationToken);
        LogGoesOn(agent.Session, agent.Blocks + 1);
        return HookAnswer.GoOn(StopText.Of(lease));
    }

    private static string WordsAfterDone(OutboundReply reply) => Provenance.TextOf(reply).TrimStart()[Done.Length..].Trim();

    private static bool IsRelayed(HttpContext context) => context.Request.Headers["X-Relay-Mode"] == "relay";

    private async Task<HookAnswer> LetStopAsync(Agent agent, string? note, CancellationToken cancellationToken)
    {
        await database.WriteAsync(writing => AgentStore.StoppedAsync(writing, agent, cancellationToken), cancellationToken);
        return note is null ? HookAnswer.Nothing : new HookAnswer { SystemMessage = note };
    }

    private static int Number(HttpContext context, string header, int otherwise, int longest) =>
        int.TryParse(context.Request.Headers[header], NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0
            ? Math.Min(given, longest)
            : otherwise;

    [LoggerMessage(LogLevel.Information, "{Session} goes on with a reply, {Blocks} in a row")]
    private partial void LogGoesOn(SessionId session, int blocks);
}
