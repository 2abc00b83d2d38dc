using System.Collections.Concurrent;
using System.Data.Common;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Running;
using Relay.Texts;

namespace Relay.Turns;

/// <summary>What came of the attempt to shorten a window.</summary>
internal abstract record Shortening
{
    private Shortening() { }

    public sealed record Added : Shortening;

    public sealed record Impossible(string Reason) : Shortening;

    public sealed record Failed(string Reason) : Shortening;

    /// <summary>Even the call for the summary was too long.</summary>
    public sealed record TooLong(string Reason) : Shortening;
}

/// <summary>Keeps a conversation's window under its cap: (1) see how much is over, (2) ask for a summary without touching the journal,
/// (3) one transaction adds it with the range it covers. When it fails nothing has changed and the turn goes on with what there
/// is.</summary>
internal sealed partial class Summariser(
    SummaryTransactions transactions, CallBuilder calls, IAdvisor advisor, TimeProvider clock, ILogger<Summariser> log)
{
    private static readonly Backoff Pause = new(TimeSpan.FromMinutes(1), TimeSpan.FromHours(1));

    /// <summary>Pieces tried, each half as long as the one before, until one fits.</summary>
    private const int Halvings = 6;

    /// <summary>Conversations whose last summary failed: each further one is paid for too, so it waits, and longer each time.</summary>
    private readonly ConcurrentDictionary<ConversationId, Rest> _resting = new();

    private sealed record Rest(int Failures, DateTimeOffset Until);

    /// <summary>Repeats until the window is under the cap, nothing more can be summed up, or a summary fails.</summary>
    public async Task KeepUnderCapAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        while (await transactions.SizeAsync(conversation, cancellationToken) is { } size
            && size.Characters > calls.Settings.Config.HistoryCharCap
            && !(_resting.TryGetValue(conversation, out var rest) && rest.Until > clock.GetUtcNow()))
        {
            var cap = calls.Settings.Config.HistoryCharCap;
            var window = await transactions.WindowAsync(conversation, cancellationToken); // (1)
            // The whole window reads what the last turn has cached; one far over the cap would not fit and is summed up piece by piece.
            var whole = window.Characters <= 2L * cap;
            if (await ShortenAsync(
                conversation, window, calls.Settings.Config.KeepRecentTurns, cap, whole, cancellationToken) is not Shortening.Added)
                return;
        }
    }

    /// <summary>For a window the model does not take: keeps half as many turns, down to the last one, and sums up what is older in pieces
    /// that fit.</summary>
    public async Task<Shortening> ShortenByForceAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        var window = await transactions.WindowAsync(conversation, cancellationToken);
        var keep = Math.Max(1, calls.Settings.Config.KeepRecentTurns / 2);
        while (keep > 1 && window.SummaryEnd(keep, window.Characters) is null)
            keep /= 2;
        for (var (halving, limit) = (0, window.Characters / 2); halving < Halvings; halving++, limit /= 2)
        {
            var result = await ShortenAsync(conversation, window, keep, limit, whole: false, cancellationToken);
            if (result is not Shortening.TooLong)
                return result;
        }
        return new Shortening.Impossible("even the smallest piece of what is older is too long to be summed up");
    }

    private async Task<Shortening> ShortenAsync(
        ConversationId conversation, ContextWindow window, int keepTurns, long characterLimit, bool whole,
        CancellationToken cancellationToken)
    {
        if (window.SummaryEnd(keepTurns, characterLimit) is not { } end)
            return new Shortening.Impossible("there is nothing older that could be summed up");
        var failures = (_resting.TryGetValue(conversation, out var rest) ? rest.Failures : 0) + 1;
        _resting[conversation] = new Rest(failures, clock.GetUtcNow() + Pause.Delay(failures));
        var result = await SumUpAsync(conversation, whole ? window : window.UpTo(end), Instruction(window, end), end, cancellationToken);
        if (result is Shortening.Added)
            _resting.TryRemove(conversation, out _);
        return result;
    }

    private string Instruction(ContextWindow window, long end)
    {
        var kept = window.Turns.FirstOrDefault(entry => entry.Position > end);
        var instruction = "[relay] " + calls.Settings.Config.SummarizationPrompt.Trim();
        if (kept is null)
            return instruction;
        return $"{instruction}\n\n"
            + $"Your summary takes the place of everything before the entry that begins with:\n{Excerpt.Of(kept.Text, 80)}\n"
            + "That entry and the later ones stay as they are.";
    }

    private async Task<Shortening> SumUpAsync(
        ConversationId conversation, ContextWindow window, string instruction, long end, CancellationToken cancellationToken)
    {
        if (await transactions.BeginAsync(conversation, window, instruction, cancellationToken) is not { } claim)
            return new Shortening.Failed("the budget has no room for a summary");
        CrashPoint.Pass("summary-1-started");
        AdvisorOutcome outcome;
        try
        {
            outcome = await advisor.AskAsync(claim.Call, cancellationToken); // (2)
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            var reason = $"a fault of the program: {fault.GetType().Name}: {fault.Message}";
            await transactions.LoseAsync(conversation, claim, reason);
            LogFault(conversation, fault);
            return new Shortening.Failed("no summary: " + reason);
        }
        CrashPoint.Pass("summary-2-called");
        var summary = outcome is AdvisorOutcome.Replied { StopReason: not "max_tokens" } replied ? replied.Text : null;
        await transactions.EndAsync(conversation, claim, outcome, summary is null ? null : new Summary(summary, end)); // (3)
        if (summary is not null)
        {
            CrashPoint.Pass("summary-3-added");
            LogSummarised(conversation, end, summary.Length);
            return new Shortening.Added();
        }
        var why = Why(outcome);
        LogFailed(conversation, why);
        return outcome is AdvisorOutcome.ContextExceeded ? new Shortening.TooLong(why) : new Shortening.Failed("no summary: " + why);
    }

    private static string Why(AdvisorOutcome outcome) => outcome switch
    {
        AdvisorOutcome.Deferred deferred => deferred.Reason,
        AdvisorOutcome.Held held => held.Reason,
        AdvisorOutcome.ContextExceeded exceeded => exceeded.Reason,
        AdvisorOutcome.Refused => "the advisor refused",
        AdvisorOutcome.Empty => "the reply was empty",
        _ => "it was cut at max_tokens",
    };

    [LoggerMessage(LogLevel.Information, "Summed up {Conversation} through entry {Position} in {Characters} characters")]
    private partial void LogSummarised(ConversationId conversation, long position, int characters);

    [LoggerMessage(LogLevel.Warning, "No summary of {Conversation}: {Reason}")]
    private partial void LogFailed(ConversationId conversation, string reason);

    [LoggerMessage(LogLevel.Error, "No summary of {Conversation}: a fault of the program")]
    private partial void LogFault(ConversationId conversation, Exception fault);
}
