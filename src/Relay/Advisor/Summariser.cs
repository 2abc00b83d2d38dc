using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Advisor;

/// <summary>Keeps a conversation's window under its cap: (1) see how much is over, (2) ask for a summary without touching the journal,
/// (3) one transaction adds it with the range it covers. When it fails nothing has changed and the turn goes on with what there is.</summary>
internal sealed partial class Summariser(
    Journal journal, Ledger ledger, Budget budget, CallBuilder calls, IAdvisor advisor, Database database, SettingsSource settings, TimeProvider clock,
    ILogger<Summariser> log)
{
    /// <summary>True when a summary was added. Repeats until the window is under the cap or nothing more can be summed up.</summary>
    public async Task<bool> KeepUnderCapAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        var added = false;
        while (await journal.SizeAsync(conversation, cancellationToken) is { } size
            && size.Characters > settings.Current.Config.HistoryCharCap
            && await ShortenAsync(conversation, settings.Current.Config.KeepRecentTurns, cancellationToken))
            added = true;
        return added;
    }

    /// <summary>For a window the model does not take: keeps half as many turns, down to the last one. False when nothing helps.</summary>
    public async Task<bool> ShortenByForceAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        for (var keep = settings.Current.Config.KeepRecentTurns / 2; ; keep /= 2)
        {
            if (await ShortenAsync(conversation, Math.Max(1, keep), cancellationToken))
                return true;
            if (keep <= 1)
                return false;
        }
    }

    private async Task<bool> ShortenAsync(ConversationId conversation, int keepTurns, CancellationToken cancellationToken)
    {
        var cap = settings.Current.Config.HistoryCharCap;
        var window = await journal.WindowAsync(conversation, cancellationToken); // (1)
        if (window.SummaryEnd(keepTurns, cap) is not { } end)
            return false;
        // The whole window reads what the last turn has cached; one far over the cap would not fit and is summed up piece by piece.
        var prefix = window.Characters <= 2L * cap ? window : window.Through(end);
        var outcome = await CallAsync(conversation, prefix, Instruction(window, end), cancellationToken); // (2)
        if (outcome is not (AdvisorOutcome.Replied { StopReason: not "max_tokens" } replied, { } started))
            return false;
        await database.WriteAsync(
            async transaction =>
            {
                await ledger.FinishAsync(transaction, started, replied, cancellationToken);
                await journal.AppendSummaryAsync(transaction, conversation, replied.Text, end, cancellationToken);
            },
            cancellationToken); // (3)
        CrashPoint.Pass("summary-3-added");
        LogSummarised(conversation, end, replied.Text.Length);
        return true;
    }

    private string Instruction(ContextWindow window, long end)
    {
        var kept = window.Turns.FirstOrDefault(entry => entry.Position > end);
        var instruction = "[relay] " + settings.Current.Config.SummarizationPrompt.Trim();
        if (kept is null)
            return instruction;
        var start = kept.Text.Length <= 80 ? kept.Text : kept.Text[..80] + "…";
        return $"{instruction}\n\nYour summary takes the place of everything before the entry that begins with:\n{start}\nThat entry and the later ones stay as they are.";
    }

    private async Task<(AdvisorOutcome Outcome, StartedCall? Started)> CallAsync(
        ConversationId conversation, ContextWindow window, string instruction, CancellationToken cancellationToken)
    {
        var (call, started) = await database.WriteAsync(
            transaction => StartAsync(transaction, conversation, window, instruction, cancellationToken), cancellationToken);
        if (started is null)
            return (new AdvisorOutcome.Held(HoldCause.Budget, "the budget has no room for a summary"), null);
        CrashPoint.Pass("summary-1-started");
        var outcome = await advisor.AskAsync(call, cancellationToken);
        CrashPoint.Pass("summary-2-called");
        if (outcome is AdvisorOutcome.Replied { StopReason: not "max_tokens" })
            return (outcome, started);
        LogFailed(conversation, outcome.ToString());
        await database.WriteAsync(transaction => ledger.FinishAsync(transaction, started, outcome, cancellationToken), cancellationToken);
        return (outcome, null);
    }

    private async Task<(AdvisorCall Call, StartedCall? Started)> StartAsync(
        DbTransaction transaction, ConversationId conversation, ContextWindow window, string instruction, CancellationToken cancellationToken)
    {
        var past = await Ledger.RecentAsync(transaction.Connection!, conversation, CallBuilder.PastCalls, cancellationToken);
        var call = calls.Summary(window, instruction, past);
        if (await budget.ReserveAsync(transaction, call, past, cancellationToken) is not Budget.Leave.Granted leave)
            return (call, null);
        var started = new StartedCall(
            Guid.CreateVersion7(clock.GetUtcNow()).ToString(), conversation, Message: null, SessionId.None, CallPurpose.Summary, call.Model, call.PromptBytes, leave.ReservedNano);
        await ledger.StartAsync(transaction, started, cancellationToken);
        return (call, started);
    }

    [LoggerMessage(LogLevel.Information, "Summed up {Conversation} through entry {Position} in {Characters} characters")]
    private partial void LogSummarised(ConversationId conversation, long position, int characters);

    [LoggerMessage(LogLevel.Warning, "No summary of {Conversation}: {Outcome}")]
    private partial void LogFailed(ConversationId conversation, string? outcome);
}
