using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>A call for a summary, and the claim under which it is made.</summary>
internal sealed record SummaryClaim(AdvisorCall Call, StartedCall Ledger, long Epoch);

/// <summary>A summary, the last position it takes the place of, and how many turns stay beside it, and their length.</summary>
internal sealed record Summary(string Text, long CoversThrough, int KeptTurns, long KeptCharacters);

/// <summary>Whether a summary may be asked for.</summary>
internal abstract record SummaryStart
{
    private SummaryStart() { }

    public sealed record Begun(SummaryClaim Claim) : SummaryStart;

    /// <summary>Not now.</summary>
    public sealed record Refused(string Reason) : SummaryStart;

    /// <summary>Too much was paid for nothing.</summary>
    public sealed record Spent(string Reason) : SummaryStart;

    /// <summary>The operator has paused the conversation.</summary>
    public sealed record Paused : SummaryStart;
}

/// <summary>What the summariser reads and writes.</summary>
internal sealed class SummaryTransactions(
    Recording recording, ContextWindows windows, CallBuilder calls, PaidCalls paid)
{
    public Task<HistorySize?> SizeAsync(ConversationId conversation, CancellationToken cancellationToken) =>
        recording.Database.ReadAsync(reading => ConversationStore.SizeAsync(reading, conversation, cancellationToken), cancellationToken);

    public Task<ContextWindow> WindowAsync(ConversationId conversation, CancellationToken cancellationToken) =>
        recording.Database.ReadAsync(reading => windows.ReadAsync(reading, conversation, cancellationToken), cancellationToken);

    /// <summary>Reserves the cost and notes the call.</summary>
    public Task<SummaryStart> BeginAsync(
        ConversationId conversation, ContextWindow window, string instruction, CancellationToken cancellationToken) =>
        recording.Database.WriteAsync<SummaryStart>(
            async writing =>
            {
                if (await ConversationStore.FindAsync(writing, conversation, cancellationToken) is { Pause: not null })
                    return new SummaryStart.Paused();
                if (await WasteAsync(writing, conversation, cancellationToken) is { IsUsedUp: true } waste)
                    return new SummaryStart.Spent(Waste.Describe(waste.Calls + waste.Lost, last: null, waste.Nano).TrimEnd());
                var past = await paid.History.ReadAsync(writing, conversation, cancellationToken);
                var call = calls.Summary(window, instruction, past);
                var planned = call.ToPlanned();
                if (await paid.Budget.ReserveAsync(writing, planned, past, cancellationToken) is not Budget.Leave.Granted leave)
                    return new SummaryStart.Refused("the budget has no room for a summary now");
                var started = new StartedCall(Guid.CreateVersion7(writing.Now).ToString(), conversation, Message: null, CallPurpose.Summary)
                {
                    At = writing.Now,
                    Model = call.Model,
                    PromptBytes = planned.PromptBytes,
                    MaxTokens = planned.MaxTokens,
                    ReservedNano = leave.ReservedNano,
                };
                var epoch = await CallStart.ClaimAsync(writing, started, message: "", cancellationToken);
                return new SummaryStart.Begun(new SummaryClaim(call, started, epoch));
            },
            cancellationToken);

    /// <summary>False when another has taken the conversation since: then nothing is recorded.</summary>
    /// <param name="conversation">Whose summary.</param>
    /// <param name="claim">Under which the call was made.</param>
    /// <param name="finished">The call.</param>
    /// <param name="summary">What came of it; null for nothing.</param>
    /// <param name="stopping">When it is cancelled, a commit that fails is not tried again.</param>
    public Task<bool> EndAsync(
        ConversationId conversation, SummaryClaim claim, FinishedCall finished, Summary? summary, CancellationToken stopping) =>
        recording.RunAsync(
            $"recording a summary of {conversation}",
            async writing =>
            {
                if (!await ConversationStore.EndCallAsync(writing, conversation, claim.Epoch, claim.Ledger.Id, CancellationToken.None))
                    return false;
                await paid.RecordAsync(writing, claim.Ledger, finished, CancellationToken.None);
                if (summary is not null)
                    await AddAsync(writing, conversation, summary);
                else
                    await FailAsync(writing, conversation, claim.Ledger, finished);
                return true;
            },
            stopping);

    /// <summary>The relay ended before the end of the call was recorded.</summary>
    public async Task LoseAsync(Writing writing, ConversationId conversation, CancellationToken cancellationToken)
    {
        var before = await WasteAsync(writing, conversation, cancellationToken);
        await (before with { Lost = before.Lost + 1 }).WriteAsync(writing, conversation, cancellationToken);
    }

    private async Task AddAsync(Writing writing, ConversationId conversation, Summary summary)
    {
        await Journal.AppendSummaryAsync(writing, conversation, summary.Text, summary.CoversThrough, CancellationToken.None);
        await SummaryWaste.ClearAsync(writing, conversation, CancellationToken.None);
        await MissingSummaries.ClearAsync(writing, conversation, CancellationToken.None);
        await PageStore.ClearAsync(writing, PageCause.Summary(conversation), CancellationToken.None);
        await TightWindows.NoteAsync(writing, conversation, summary, calls.Settings.Config, CancellationToken.None);
    }

    private async Task<SummaryWaste> WasteAsync(Reading reading, ConversationId conversation, CancellationToken cancellationToken)
    {
        var size = await ConversationStore.SizeAsync(reading, conversation, cancellationToken);
        var window = (size?.Characters ?? 0, calls.Settings.Config.HistoryCharCap);
        return await SummaryWaste.ReadAsync(reading, conversation, window, cancellationToken);
    }

    /// <summary>Said in the status at once. A page comes when the window is twice as long as it should be, or too much was paid.</summary>
    private async Task FailAsync(Writing writing, ConversationId conversation, StartedCall call, FinishedCall finished)
    {
        var why = finished.Note ?? $"it ended at {finished.StopReason}";
        await MissingSummaries.NoteAsync(writing, conversation, why, CancellationToken.None);
        if (finished.IsBought)
            await WasteAsync(writing, conversation, call, finished);
        var size = await ConversationStore.SizeAsync(writing, conversation, CancellationToken.None);
        if (size?.Characters > 2L * calls.Settings.Config.HistoryCharCap)
            await PageAsync(writing, conversation, $"The last summary failed: {why}. The conversation is twice history_char_cap by now.");
    }

    private async Task WasteAsync(Writing writing, ConversationId conversation, StartedCall call, FinishedCall finished)
    {
        var before = await WasteAsync(writing, conversation, CancellationToken.None);
        var cost = finished.CostNano(paid.RatesOf(call, finished, writing.Now)) ?? call.ReservedNano ?? 0;
        var waste = before with { Calls = before.Calls + 1, Nano = before.Nano + cost };
        await waste.WriteAsync(writing, conversation, CancellationToken.None);
        if (!waste.IsUsedUp)
            return;
        await PageAsync(
            writing, conversation, Waste.Describe(waste.Calls + waste.Lost, finished.Note ?? finished.StopReason, waste.Nano));
    }

    private static Task<bool> PageAsync(Writing writing, ConversationId conversation, string why)
    {
        var text = why + "\n\nThe conversation goes on as long as it fits the model, and each of its calls costs more than it would "
            + "with a summary. relay retry asks for one again; by itself the relay does so when as much again has come in.";
        var page = new NewPage(PageCause.Summary(conversation), $"Relay error: no summary of {conversation}", text, Priority: 4, "warning");
        return PageStore.QueueAsync(writing, page, CancellationToken.None);
    }
}
