using System.Collections.Concurrent;
using System.Globalization;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Running;
using Relay.Texts;

namespace Relay.Turns;

/// <summary>What came of the attempt to shorten a window.</summary>
internal abstract record Shortening
{
    private Shortening() { }

    public sealed record Added : Shortening;

    public sealed record Impossible(string Reason) : Shortening
    {
        /// <summary>What every call carries is too long by itself: no message fits.</summary>
        public bool IsCarried { get; init; }
    }

    public sealed record Failed(string Reason) : Shortening;

    /// <summary>What holds a turn: it is the same each time until somebody removes the cause.</summary>
    public sealed record Held(HoldCause Cause, string Reason) : Shortening;

    /// <summary>Too much was paid for summaries that did not come.</summary>
    public sealed record Spent(string Reason) : Shortening;

    /// <summary>The operator has paused the conversation meanwhile: nothing was asked, and nothing has failed.</summary>
    public sealed record Paused : Shortening;

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

    private sealed record Rest(int Failures, DateTimeOffset Until, long Characters);

    /// <summary>Over the cap, shrinks the window to half of it: by one call, and by several only where the model would not take the
    /// whole. A summary that failed is asked for again after a pause, or when half of the cap has come in since.</summary>
    public async Task KeepUnderCapAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        while (await transactions.SizeAsync(conversation, cancellationToken) is { } size
            && size.Characters > calls.Settings.Config.HistoryCharCap
            && !IsResting(conversation, size.Characters))
        {
            var config = calls.Settings.Config;
            var window = await transactions.WindowAsync(conversation, cancellationToken); // (1)
            if (!window.IsSummaryDue(config.HistoryCharCap, config.KeepRecentTurns))
                return;
            // The whole window reads what the last turn has cached; one that the model would not take is summed up piece by piece.
            var cut = window.Characters <= Math.Max(2L * config.HistoryCharCap, ModelContext.Of(config.Model))
                ? Whole(window, config)
                : Piece(window, config);
            var shortening = await ShortenAsync(conversation, window, cut, cancellationToken);
            if (shortening is not Shortening.Added)
                return;
        }
    }

    private bool IsResting(ConversationId conversation, long characters) =>
        _resting.TryGetValue(conversation, out var rest)
        && rest.Until > clock.GetUtcNow()
        && characters < rest.Characters + calls.Settings.Config.HistoryCharCap / 2;

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
            var end = window.SummaryEnd(keep, limit);
            var result = await ShortenAsync(conversation, window, new Cut(end, _ => end, IsWhole: false), cancellationToken);
            if (result is not Shortening.TooLong)
                return result;
        }
        return new Shortening.Impossible("even the smallest piece of what is older is too long to be summed up");
    }

    /// <summary>Where a window is cut.</summary>
    /// <param name="Likely">The last position to be summed up; null when there is nothing.</param>
    /// <param name="For">The same once the length of the summary is known.</param>
    /// <param name="IsWhole">All of the window is sent, and summed up; what stays is said twice then.</param>
    private sealed record Cut(long? Likely, Func<long, long?> For, bool IsWhole);

    private static Cut Whole(ContextWindow window, RelayConfig config)
    {
        return new Cut(EndFor(summary: 0), EndFor, IsWhole: true);

        long? EndFor(long summary) =>
            window.SummaryEnd(config.KeepRecentTurns, long.MaxValue, window.RoomForTurns(config.HistoryCharCap, summary));
    }

    private static Cut Piece(ContextWindow window, RelayConfig config)
    {
        var room = window.RoomForTurns(config.HistoryCharCap, config.SummaryCharacters);
        var most = Math.Max(config.HistoryCharCap, ModelContext.Of(config.Model) / 2);
        var end = window.SummaryEnd(config.KeepRecentTurns, most, room);
        return new Cut(end, _ => end, IsWhole: false);
    }

    private async Task<Shortening> ShortenAsync(
        ConversationId conversation, ContextWindow window, Cut cut, CancellationToken cancellationToken)
    {
        if (cut.Likely is not { } end)
            return new Shortening.Impossible("there is nothing older that could be summed up");
        _resting.TryGetValue(conversation, out var rest);
        var failures = (rest?.Failures ?? 0) + 1;
        _resting[conversation] = new Rest(failures, clock.GetUtcNow() + Pause.Delay(failures), window.Characters);
        var result = await SumUpAsync(conversation, window, cut, cut.IsWhole ? window : window.UpTo(end), cancellationToken);
        if (result is Shortening.Added)
            _resting.TryRemove(conversation, out _);
        else if (result is Shortening.Paused)
            _resting[conversation] = rest ?? new Rest(Failures: 0, clock.GetUtcNow(), window.Characters);
        return result;
    }

    /// <summary>The end of the call is the one place in it that no content can imitate: all that is sent is summed up, up to there. The
    /// turns that stay are among it where leaving them out would leave the cached prefix.</summary>
    private string Instruction() => string.Create(
        CultureInfo.InvariantCulture,
        $"{RelayMark.Text} {calls.Settings.Config.SummarizationPrompt.Trim()}\n\n"
        + $"Your summary takes the place of all that stands above this line: sum up all of it, to the end. "
        + $"It has {calls.Settings.Config.SummaryCharacters:N0} characters at most.");

    private async Task<Shortening> SumUpAsync(
        ConversationId conversation, ContextWindow window, Cut cut, ContextWindow sent, CancellationToken cancellationToken)
    {
        var start = await transactions.BeginAsync(conversation, sent, Instruction(), cancellationToken);
        if (start is SummaryStart.Spent spent)
            return new Shortening.Spent(spent.Reason);
        if (start is SummaryStart.Paused)
            return new Shortening.Paused();
        if (start is not SummaryStart.Begun { Claim: var claim })
            return new Shortening.Failed(((SummaryStart.Refused)start).Reason);
        CrashPoint.Pass("summary-1-started");
        AdvisorOutcome outcome;
        try
        {
            outcome = await advisor.AskAsync(claim.Call, cancellationToken); // (2)
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            var reason = $"a fault of the program: {fault.GetType().Name}: {fault.Message}";
            await transactions.EndAsync(conversation, claim, FinishedCall.Unknown(reason), summary: null, cancellationToken);
            LogFault(conversation, fault);
            return new Shortening.Failed("no summary: " + reason);
        }
        CrashPoint.Pass("summary-2-called");
        var summary = SummaryOf(outcome, window, cut);
        if (!await transactions.EndAsync(conversation, claim, outcome.ToFinishedCall(), summary, cancellationToken)) // (3)
            return new Shortening.Failed("another has taken the conversation over");
        return Result(conversation, outcome, summary);
    }

    /// <summary>Null when there is none. One much longer than it was asked to be is cut: it would soon be in the way itself.</summary>
    private Summary? SummaryOf(AdvisorOutcome outcome, ContextWindow window, Cut cut)
    {
        if (outcome is not AdvisorOutcome.Replied { StopReason: not "max_tokens" } replied)
            return null;
        var text = Excerpt.Of(replied.Text, 2 * calls.Settings.Config.SummaryCharacters);
        if (cut.For(text.Length) is not { } end)
            return null;
        var kept = window with { Turns = window.Turns.Where(entry => entry.Position > end).ToList() };
        return new Summary(text, end, kept.TurnCount, kept.Turns.Sum(entry => (long)entry.Characters));
    }

    private Shortening Result(ConversationId conversation, AdvisorOutcome outcome, Summary? summary)
    {
        if (summary is not null)
        {
            CrashPoint.Pass("summary-3-added");
            LogSummarised(conversation, summary.CoversThrough, summary.Text.Length);
            return new Shortening.Added();
        }
        var why = Why(outcome);
        LogFailed(conversation, why);
        return outcome switch
        {
            AdvisorOutcome.ContextExceeded => new Shortening.TooLong(why),
            AdvisorOutcome.Held held => new Shortening.Held(held.Cause, why),
            _ => new Shortening.Failed("no summary: " + why),
        };
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
