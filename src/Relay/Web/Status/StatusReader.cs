using System.Data.Common;
using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Files;
using Relay.Intake;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Web.Status;

/// <summary>Reads the status from the database, with or without a daemon.
/// The time it takes depends on the unfinished messages only.</summary>
internal sealed class StatusReader(
    Database database, SettingsSource settings, Faults faults, ClockSteps steps)
{
    private readonly Health _health = new(database, settings, faults, steps);
    private readonly DateTimeOffset _startedAt = database.Clock.GetUtcNow();
    private StatusReport? _last;

    /// <summary>Where a running relay's database cannot be read, what was known last, with the reason.</summary>
    /// <param name="running">Whether this is the daemon. Otherwise there is no time of start.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<StatusReport> ReadAsync(bool running, CancellationToken cancellationToken)
    {
        try
        {
            return _last = await database.ReadAsync(
                async reading => await ReadAsync(reading, running, cancellationToken) with
                {
                    EnvelopesRejected = Rejected,
                    EnvelopesRemoved = await Rejections.RemovedAsync(reading, cancellationToken),
                    Warnings = await WarningsAsync(reading, cancellationToken),
                },
                cancellationToken);
        }
        catch (DbException exception) when (running)
        {
            var told = faults.All.FirstOrDefault(fault => fault.Source == Faults.Database).Message;
            return WithoutDatabase(told ?? Database.Explain(exception));
        }
    }

    private async Task<List<string>> WarningsAsync(Reading reading, CancellationToken cancellationToken)
    {
        var warnings = await SettingsWarnings.ReadAsync(reading, settings.Current.Config, cancellationToken);
        return [.. warnings.Select(each => each.ToString())];
    }

    private StatusReport WithoutDatabase(string reason)
    {
        var current = settings.Current;
        _last ??= StatusReport.InFile(current.Home.StatusFile) ?? StatusReport.Unknown;
        return _last with
        {
            State = "error",
            StateReason = reason,
            Unhealthy = [reason],
            DatabaseFault = true,
            StartedAt = _startedAt,
            EnvelopesRejected = Rejected,
            QueueDepth = Math.Max(_last.QueueDepth, Queue.Count),
            Model = ModelOf(current.Config),
            Version = ProgramVersion.Text,
        };
    }

    private static string ModelOf(RelayConfig config) => config.Advisor == AdvisorKind.Simulated ? "simulated" : config.Model;

    /// <summary>The same a moment later, when nothing has changed but the time and what lies in the queue folder.</summary>
    public StatusReport Age(StatusReport report)
    {
        var queue = Queue;
        return report with
        {
            QueueDepth = report.Unanswered + queue.Count,
            EnvelopesRejected = Rejected,
            EnvelopesIgnored = queue.Ignored.Count,
            OldestWaitingSeconds = Seconds(report.OldestWaitingAt, database.Clock.GetUtcNow()),
        };
    }

    private int Rejected => RejectedFolder.Names(settings.Current.Home.Rejected).Count;

    private QueueContents Queue => QueueContents.Of(settings.Current.Home.Queue);

    /// <summary>Never negative, though the clock be set back.</summary>
    private double Seconds(DateTimeOffset? since, DateTimeOffset now) =>
        since is { } at ? Math.Round(steps.Age(at, now).TotalSeconds, 1) : 0;

    private async Task<StatusReport> ReadAsync(Reading reading, bool running, CancellationToken cancellationToken)
    {
        var report = await ReadWorkAsync(reading, running, cancellationToken);
        var unsent = await PageStore.UnsentAsync(reading, cancellationToken);
        var unhealthy = await _health.ReasonsAsync(reading, cancellationToken);
        var figures = await RulingFigures.ReadAsync(reading, cancellationToken);
        var budget = await BudgetNow.ReadAsync(reading, settings.Current.Config.Budget, cancellationToken);
        return report with
        {
            Decided = DecidedStatus.Of(figures),
            Unhealthy = unhealthy,
            PagesUnsent = unsent.Count,
            PageError = unsent.LastError,
            Today = CapStatus.Of(budget),
        };
    }

    private async Task<StatusReport> ReadWorkAsync(Reading reading, bool running, CancellationToken cancellationToken)
    {
        var backlog = await Backlog.ReadAsync(reading, cancellationToken);
        var open = await QuestionStore.OpenAsync(reading, cancellationToken);
        var newest = (await QuestionStore.NewestAsync(reading, 1, cancellationToken)).FirstOrDefault();
        var size = await ConversationStore.TotalSizeAsync(reading, cancellationToken);
        var totals = await Spending.TotalsAsync(reading, cancellationToken);
        var (sessions, notListed) = await SessionsAsync(reading, backlog, cancellationToken);
        var (placedAt, placedFor) = await LastDispatchAsync(reading, cancellationToken);
        var (state, reason) = StateOf(running, backlog.Held, open);
        var queue = Queue;
        return new StatusReport
        {
            State = state,
            StateReason = reason,
            StartedAt = running ? _startedAt : null,
            LastNeedsJcAt = newest?.AskedAt,
            LastNeedsJcText = newest?.Text,
            LastDispatchAt = placedAt,
            LastDispatchSession = placedFor,
            Unanswered = backlog.Count,
            QueueDepth = backlog.Count + queue.Count,
            EnvelopesIgnored = queue.Ignored.Count,
            OldestWaitingAt = backlog.OldestAt,
            OldestWaitingSeconds = Seconds(backlog.OldestAt, reading.Now),
            DeferredUntil = backlog.DeferredUntil,
            HistoryChars = size.Characters,
            HistoryTurns = size.Turns,
            TotalInputTokens = totals.InputTokens,
            TotalOutputTokens = totals.OutputTokens,
            TotalCostUsd = Dollars.Of(totals.CostNano),
            CallsOfUnknownCost = totals.UnknownCost,
            Model = ModelOf(settings.Current.Config),
            Version = ProgramVersion.Text,
            Sessions = sessions,
            SessionsNotListed = notListed,
            Questions = Listed(open),
            Paused = await PausedAsync(reading, backlog, cancellationToken),
        };
    }

    private static async Task<List<PausedStatus>> PausedAsync(Reading reading, Backlog backlog, CancellationToken cancellationToken) =>
        (await ConversationStore.PausedAsync(reading, cancellationToken)).ConvertAll(each => new PausedStatus(
            each.Conversation.Value, each.Pause.At, each.Pause.Via,
            backlog.Groups.Where(group => group.Conversation == each.Conversation).Sum(group => group.Count)));

    private static List<QuestionStatus> Listed(List<Question> open) =>
        open.Select(each => new QuestionStatus(each.Id, each.Asker, each.Text, each.AskedAt) { Kind = each.Kind.Word() }).ToList();

    private async Task<(List<SessionStatus> Sessions, long NotListed)> SessionsAsync(
        Reading reading, Backlog backlog, CancellationToken cancellationToken)
    {
        var (sessions, notListed) = await new SessionList(settings.Current.Config).ReadAsync(reading, backlog, cancellationToken);
        var undelivered = (await Outbox.UndeliveredAsync(reading, cancellationToken)).ToLookup(each => each.Session, each => each.Count);
        var unanswered = backlog.Groups
            .Where(group => group.Speaker == Speaker.Session)
            .ToLookup(group => group.Session, group => group.Count);
        var listed = sessions
            .OrderBy(session => session.Id.Value, StringComparer.Ordinal)
            .Select(session => new SessionStatus(
                session.Id.Value,
                session.Conversation.Value,
                session.LastSeenAt,
                unanswered[session.Id].Sum(),
                undelivered[session.Id.Value].Sum()))
            .ToList();
        return (listed, notListed);
    }

    private static async Task<(DateTimeOffset? At, string? Session)> LastDispatchAsync(
        Reading reading, CancellationToken cancellationToken)
    {
        var fact = await FactStore.FindAsync(reading, FactStore.LastDispatch, cancellationToken);
        return fact?.Split(' ') is [var at, var session]
            ? (DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(at, CultureInfo.InvariantCulture)), session)
            : (null, null);
    }

    private (string State, string? Reason) StateOf(bool running, IReadOnlyList<Message> holds, List<Question> open)
    {
        var held = holds.Where(message => message.Cause != HoldCause.Refusal).ToList();
        if (held.Find(message => message.Cause != HoldCause.Budget) is { } broken)
            return ("error", broken.Reason);
        if (faults.Standing.Count > 0)
            return ("error", string.Join("; ", faults.Standing));
        if (held.Count > 0)
            return ("budget", held[0].Reason);
        if (open.Count == 0)
            return (running ? "running" : "stopped", null);
        return ("needs_jc", $"question #{open[0].Id} of {open[0].Asker}");
    }
}
