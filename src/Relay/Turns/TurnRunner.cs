using System.Collections.Concurrent;
using System.Data.Common;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Running;

namespace Relay.Turns;

/// <summary>Takes the turns of one conversation, strictly one after another. A turn is (1) a claiming transaction, (2) the call, (3) a
/// committing transaction; killed between any two, it is repeated and nothing stands twice.</summary>
internal sealed partial class TurnRunner(
    TurnTransactions transactions, Summariser summariser, IAdvisor advisor, MemoryRoom room, ILogger<TurnRunner> log)
{
    /// <summary>For each character that a turn carries: as it was stored, as the advisor reads it, and as it is sent.</summary>
    private const long BytesOfCharacter = 10, BytesBesides = 512 * 1024;

    /// <summary>Conversations whose last turn the memory did not suffice for while others were under way.</summary>
    private readonly ConcurrentDictionary<ConversationId, bool> _toBeAlone = new();

    /// <summary>Until the conversation has none to take, or gives way to others. A fault of the program holds the message it was met with,
    /// and no more.</summary>
    /// <param name="conversation">Whose turns.</param>
    /// <param name="givesWay">Asked after each call: true when another conversation waits for the place of this one.</param>
    /// <param name="stopping">No further turn is begun.</param>
    /// <param name="calls">Ends the call under way.</param>
    public async Task RunAsync(
        ConversationId conversation, Func<bool> givesWay, CancellationToken stopping, CancellationToken calls)
    {
        using var at = new UnderWay();
        try
        {
            await TakeTurnsAsync(at, conversation, givesWay, stopping, calls);
        }
        catch (OutOfMemoryException)
        {
            await EndWithoutMemoryAsync(at, conversation);
        }
        catch (Exception fault)
            when (fault is not (OperationCanceledException or DbException or IOException or UnauthorizedAccessException))
        {
            await transactions.HoldFaultAsync(conversation, at.Claim, fault);
        }
    }

    /// <summary>What a run is at: the claim of its turn, and the room in memory that it has for that.</summary>
    private sealed class UnderWay : IDisposable
    {
        public Claim? Claim { get; set; }

        public MemoryRoom.Lease? Lease { get; set; }

        public void Dispose() => Lease?.Dispose();
    }

    private async Task TakeTurnsAsync(
        UnderWay at, ConversationId conversation, Func<bool> givesWay, CancellationToken stopping, CancellationToken calls)
    {
        for (var hasGivenWay = false; !hasGivenWay && !stopping.IsCancellationRequested;)
        {
            if (at.Claim is null)
            {
                at.Dispose();
                at.Lease = await TakeRoomAsync(conversation, stopping);
                at.Claim = await BeginAsync(conversation, stopping, calls);
            }
            if (at.Claim is null)
                return;
            at.Claim = await TakeTurnAsync(at.Claim, MayGoOn, calls);
            _toBeAlone.TryRemove(conversation, out _);

            // The next one may need more room than there is for this: so it is begun with room of its own.
            bool MayGoOn() => !(hasGivenWay = givesWay()) && !stopping.IsCancellationRequested && room.IsPlenty;
        }
    }

    private async Task EndWithoutMemoryAsync(UnderWay at, ConversationId conversation)
    {
        var wasAlone = at.Lease is { IsAlone: true };
        await transactions.EndWithoutMemoryAsync(conversation, at.Claim, wasAlone);
        if (wasAlone)
            _toBeAlone.TryRemove(conversation, out _);
        else
            _toBeAlone[conversation] = true;
    }

    /// <summary>Null where there is plenty.</summary>
    private async Task<MemoryRoom.Lease?> TakeRoomAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        if (_toBeAlone.ContainsKey(conversation))
            return await room.TakeAsync(room.Total, cancellationToken);
        return room.IsPlenty
            ? null
            : await room.TakeAsync(
                await transactions.CharactersAsync(conversation, cancellationToken) * BytesOfCharacter + BytesBesides, cancellationToken);
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
        var started = transactions.Clock.GetTimestamp();
        var outcome = await advisor.AskAsync(claim.Call, calls); // (2)
        CrashPoint.Pass("turn-2-called");
        var milliseconds = (long)transactions.Clock.GetElapsedTime(started).TotalMilliseconds;
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
