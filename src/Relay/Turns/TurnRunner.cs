using System.Data.Common;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Running;

namespace Relay.Turns;

/// <summary>Takes the turns of one conversation, strictly one after another. A turn is (1) a claiming transaction, (2) the call, (3) a
/// committing transaction; killed between any two, it is repeated and nothing stands twice.</summary>
internal sealed partial class TurnRunner(
    TurnTransactions transactions, Summariser summariser, IAdvisor advisor, TimeProvider clock, ILogger<TurnRunner> log)
{
    /// <summary>Until the conversation has none to take, or gives way to others. A fault of the program holds the message it was met with,
    /// and no more.</summary>
    /// <param name="conversation">Whose turns.</param>
    /// <param name="givesWay">Asked after each call: true when another conversation waits for the place of this one.</param>
    /// <param name="stopping">No further turn is begun.</param>
    /// <param name="calls">Ends the call under way.</param>
    public async Task RunAsync(
        ConversationId conversation, Func<bool> givesWay, CancellationToken stopping, CancellationToken calls)
    {
        Claim? claim = null;
        try
        {
            for (var hasGivenWay = false; !hasGivenWay && !stopping.IsCancellationRequested;)
            {
                claim ??= await BeginAsync(conversation, stopping, calls);
                if (claim is null)
                    return;
                claim = await TakeTurnAsync(claim, () => !(hasGivenWay = givesWay()) && !stopping.IsCancellationRequested, calls);
            }
        }
        catch (Exception fault)
            when (fault is not (OperationCanceledException or DbException or IOException or UnauthorizedAccessException))
        {
            await transactions.HoldFaultAsync(conversation, claim, fault);
        }
    }

    private async Task<Claim?> BeginAsync(ConversationId conversation, CancellationToken stopping, CancellationToken calls)
    {
        await summariser.KeepUnderCapAsync(conversation, calls);
        return await transactions.BeginAsync(conversation, stopping); // (1)
    }

    /// <summary>The claim of the next turn, where it was begun together with the end of this one.</summary>
    private async Task<Claim?> TakeTurnAsync(Claim claim, Func<bool> mayGoOn, CancellationToken calls)
    {
        CrashPoint.Pass("turn-1-claimed");
        var started = clock.GetTimestamp();
        var outcome = await advisor.AskAsync(claim.Call, calls); // (2)
        CrashPoint.Pass("turn-2-called");
        var milliseconds = (long)clock.GetElapsedTime(started).TotalMilliseconds;
        if (!outcome.NeverMade)
            LogCalled(claim.Message.Id, outcome.GetType().Name, outcome.Usage?.TotalInput, outcome.Usage?.Output, milliseconds);
        var next = await transactions.EndAsync(claim, outcome, mayGoOn(), calls); // (3)
        CrashPoint.Pass("turn-3-committed");
        if (outcome is AdvisorOutcome.ContextExceeded exceeded)
            await transactions.EndAsync(claim, exceeded.Reason, await ShortenAsync(claim, exceeded, calls));
        return next;
    }

    private async Task<Shortening> ShortenAsync(Claim claim, AdvisorOutcome.ContextExceeded exceeded, CancellationToken calls) =>
        ContextFit.WhyNot(claim, exceeded.Reason) is { } why
            ? why
            : await summariser.ShortenByForceAsync(claim.Message.Conversation, calls);

    [LoggerMessage(
        LogLevel.Information, "Called for {MessageId}: {Outcome}, {InputTokens} tokens in, {OutputTokens} out, {Milliseconds} ms")]
    private partial void LogCalled(MessageId messageId, string outcome, long? inputTokens, long? outputTokens, long milliseconds);
}
