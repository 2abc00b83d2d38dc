using System.Data.Common;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>The transactions of a turn, as its runner needs them. The end of one turn and the start of the next are one commit.</summary>
internal sealed partial class TurnTransactions(
    Recording recording, TurnStart start, TurnEnd end, IAdvisor advisor, ILogger<TurnTransactions> log)
{
    public TimeProvider Clock => recording.Database.Clock;

    /// <summary>About how much the conversation's next turn carries.</summary>
    public Task<long> CharactersAsync(ConversationId conversation, CancellationToken cancellationToken) => recording.Database.ReadAsync(
        async reading => await MessageStore.LongestNextAsync(reading, conversation, cancellationToken)
            + ((await ConversationStore.SizeAsync(reading, conversation, cancellationToken))?.Characters ?? 0),
        cancellationToken);

    /// <summary>Claims the conversation's next message; null when it has none to ask now.</summary>
    public async Task<Claim?> BeginAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        Counted? counted = null;
        while (true)
        {
            var begun = await recording.Database.WriteAsync(
                writing => start.ClaimAsync(writing, conversation, past: null, counted, cancellationToken), cancellationToken);
            if (begun.Uncounted is not { } call)
                return begun.Claim;
            counted = new Counted(call.PromptBytes(), await advisor.CountTokensAsync(call, cancellationToken));
        }
    }

    /// <summary>Records what came of a call, and claims the conversation's next message where that may be asked at once.</summary>
    /// <param name="claim">Under which the call was made.</param>
    /// <param name="outcome">What came of it.</param>
    /// <param name="mayGoOn">Whether the next message may be claimed.</param>
    /// <param name="stopping">When it is cancelled, a commit that fails is not tried again.</param>
    public async Task<Claim?> EndAsync(Claim claim, AdvisorOutcome outcome, bool mayGoOn, CancellationToken stopping)
    {
        var staged = await TryStageAheadAsync(claim, outcome);
        if (staged is not null)
            CrashPoint.Pass("turn-2-staged");
        var ended = await recording.RunAsync(
            $"recording the reply to {claim.Message.Id}", writing => EndAsync(writing, claim, outcome, staged, mayGoOn), stopping);
        if (!ended.IsRecorded)
            LogStale(claim.Message.Id);
        if (staged is not null && !ended.KeepsStaged)
            end.Discard(staged);
        return ended.Next;
    }

    /// <summary>After a window that was too long: what came of shortening it.</summary>
    public Task EndAsync(Claim claim, string exceeded, Shortening shortening) => recording.Database.WriteAsync(
        writing => end.CommitAsync(writing, claim, exceeded, shortening, CancellationToken.None), CancellationToken.None);

    /// <summary>Holds the message that was being asked, or was about to be, when this program failed.</summary>
    public Task HoldFaultAsync(ConversationId conversation, Claim? claim, Exception fault) => recording.Database.WriteAsync(
        async writing =>
        {
            var message = claim?.Message ?? await TurnStart.NextAsync(writing, conversation, CancellationToken.None);
            if (message is not null)
                await end.HoldFaultAsync(writing, message, claim, fault, CancellationToken.None);
        },
        CancellationToken.None);

    /// <summary>There was no memory for the message that was being asked, or was about to be.</summary>
    public Task EndWithoutMemoryAsync(ConversationId conversation, Claim? claim, bool wasAlone) => recording.Database.WriteAsync(
        async writing =>
        {
            var message = claim?.Message ?? await TurnStart.NextAsync(writing, conversation, CancellationToken.None);
            if (message is not null)
                await end.WithoutMemoryAsync(writing, message, claim, wasAlone);
        },
        CancellationToken.None);

    /// <summary>Where that cannot be done now, the reply is staged after the commit, as any other.</summary>
    private async Task<string?> TryStageAheadAsync(Claim claim, AdvisorOutcome outcome)
    {
        try
        {
            return await end.StageAheadAsync(claim, outcome, CancellationToken.None);
        }
        catch (Exception exception) when (exception is DbException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="IsRecorded">False when nothing was to be recorded now.</param>
    /// <param name="KeepsStaged">The file that was staged ahead belongs to a reply that is recorded.</param>
    /// <param name="Next">The claim of the next turn.</param>
    private sealed record Ended(bool IsRecorded, bool KeepsStaged, Claim? Next);

    private async Task<Ended> EndAsync(Writing writing, Claim claim, AdvisorOutcome outcome, string? staged, bool mayGoOn)
    {
        if (!await end.CommitAsync(writing, claim, outcome, staged, CancellationToken.None))
            return new Ended(IsRecorded: false, await IsStagedAsync(writing, claim.Message, staged), Next: null);
        if (!mayGoOn || outcome is not AdvisorOutcome.Replied || await IsOverCapAsync(writing, claim))
            return new Ended(IsRecorded: true, KeepsStaged: true, Next: null);
        var past = CallHistory.With(PastCall.Of(claim.Ledger, outcome.ToFinishedCall()), claim.Past);
        var next = await start.ClaimAsync(writing, claim.Message.Conversation, past, counted: null, CancellationToken.None);
        return new Ended(IsRecorded: true, KeepsStaged: true, next.Claim);
    }

    /// <summary>When a connection breaks in the middle of a commit, nobody is told whether it came.
    /// If it did, this very end is recorded, and the staged file is a reply on its way.</summary>
    private static async Task<bool> IsStagedAsync(Writing writing, Message message, string? staged)
    {
        var root = await MessageStore.FindAsync(writing, message.Conversation, message.Root, CancellationToken.None);
        return staged is not null && (await Outbox.ReplyToAsync(writing, root, CancellationToken.None))?.Id == staged;
    }

    /// <summary>Then the summary comes first.</summary>
    private static async Task<bool> IsOverCapAsync(Writing writing, Claim claim) =>
        await ConversationStore.SizeAsync(writing, claim.Message.Conversation, CancellationToken.None) is { } size
        && size.Characters > claim.Settings.Config.HistoryCharCap;

    [LoggerMessage(LogLevel.Warning, "The claim of {MessageId} was stale, or its end is recorded already; nothing is recorded now")]
    private partial void LogStale(MessageId messageId);
}
