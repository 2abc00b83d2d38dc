using System.Text.Json;
using System.Text.Json.Serialization;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Intake;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Turns;

namespace Relay.Web.Status;

/// <summary>status.json, the answer of GET /status and of relay status --json. Times are ISO-8601 UTC; money is US dollars.</summary>
internal sealed record StatusReport
{
    public required string State { get; init; }
    public required string? StateReason { get; init; }
    public required DateTimeOffset? StartedAt { get; init; }
    public required DateTimeOffset? LastNeedsJcAt { get; init; }
    public required string? LastNeedsJcText { get; init; }
    public required DateTimeOffset? LastDispatchAt { get; init; }
    public required string? LastDispatchSession { get; init; }
    public required long QueueDepth { get; init; }
    public required double OldestWaitingSeconds { get; init; }
    public required DateTimeOffset? DeferredUntil { get; init; }
    public required long HistoryChars { get; init; }
    public required long HistoryTurns { get; init; }
    public required long TotalInputTokens { get; init; }
    public required long TotalOutputTokens { get; init; }

    /// <summary>Of the calls whose cost is known.</summary>
    public required decimal TotalCostUsd { get; init; }

    public required long CallsOfUnknownCost { get; init; }
    public required string Model { get; init; }
    public required string Version { get; init; }
    public required IReadOnlyList<SessionStatus> Sessions { get; init; }
    public required IReadOnlyList<QuestionStatus> Questions { get; init; }
    public required long PagesUnsent { get; init; }
    public required string? PageError { get; init; }

    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}

internal sealed record SessionStatus(string SessionId, string Conversation, DateTimeOffset? LastSeenAt, long Unanswered, long Undelivered);

internal sealed record QuestionStatus(long Id, string Session, string Text, DateTimeOffset AskedAt);

/// <summary>Reads what the database says of the relay; with or without a daemon.</summary>
internal sealed class StatusReader(
    MessageStore messages, SessionStore sessions, Journal journal, QuestionStore questions, PageStore pages, Ledger ledger, Database database,
    SettingsSource settings, Faults faults, TimeProvider clock)
{
    private readonly DateTimeOffset _startedAt = clock.GetUtcNow();

    /// <param name="running">False beside no daemon: then nothing has started.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    public async Task<StatusReport> ReadAsync(bool running, CancellationToken cancellationToken)
    {
        var current = settings.Current;
        var backlog = await messages.BacklogAsync(cancellationToken);
        var open = await questions.OpenAsync(cancellationToken);
        var size = await journal.SizeAsync(cancellationToken);
        var totals = await ledger.TotalsAsync(cancellationToken);
        var unsent = await pages.UnsentAsync(cancellationToken);
        var last = await LastEventsAsync(cancellationToken);
        var (state, reason) = StateOf(backlog.Held, open);
        return new StatusReport
        {
            State = state,
            StateReason = reason,
            StartedAt = running ? _startedAt : null,
            LastNeedsJcAt = last.AskedAt,
            LastNeedsJcText = last.Question,
            LastDispatchAt = last.DispatchedAt,
            LastDispatchSession = last.Session,
            QueueDepth = backlog.Count + QueueFolder.Waiting(current.Home.Queue).Count,
            OldestWaitingSeconds = backlog.OldestAt is { } oldest ? Math.Round((clock.GetUtcNow() - oldest).TotalSeconds, 1) : 0,
            DeferredUntil = backlog.DeferredUntil,
            HistoryChars = size.Characters,
            HistoryTurns = size.Turns,
            TotalInputTokens = totals.InputTokens,
            TotalOutputTokens = totals.OutputTokens,
            TotalCostUsd = totals.CostNano / 1_000_000_000m,
            CallsOfUnknownCost = totals.UnknownCost,
            Model = current.Config.Advisor == AdvisorKind.Simulated ? "simulated" : current.Config.Model,
            Version = ProgramVersion.Text,
            Sessions = (await sessions.ListAsync(cancellationToken))
                .Select(each => new SessionStatus(each.Id.Value, each.Conversation.Value, each.LastSeenAt, each.Unanswered, each.Undelivered)).ToList(),
            Questions = open.Select(each => new QuestionStatus(each.Id, each.Session.Value, each.Text, each.AskedAt)).ToList(),
            PagesUnsent = unsent.Count,
            PageError = unsent.LastError,
        };
    }

    private (string State, string? Reason) StateOf(IReadOnlyList<Hold> holds, List<Question> open)
    {
        var budget = HoldCause.Budget.Word();
        var held = holds.Where(hold => hold.Cause != HoldCause.Refusal.Word()).ToList();
        if (held.Find(hold => hold.Cause != budget) is { } broken)
            return ("error", broken.Reason);
        if (faults.Standing.Count > 0)
            return ("error", string.Join("; ", faults.Standing));
        if (held.Count > 0)
            return ("budget", held[0].Reason);
        return open.Count > 0 ? ("needs_jc", $"question #{open[0].Id} of {open[0].Session}") : ("running", null);
    }

    private Task<LastEvents> LastEventsAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async connection =>
        {
            var asked = await connection.Command("SELECT asked_at, text FROM questions ORDER BY question_id DESC LIMIT 1")
                .ListAsync(reader => (At: reader.Time("asked_at"), Text: reader.Text("text")), cancellationToken);
            var placed = await connection.Command(
                """
                SELECT COALESCE(placed_at, consumed_at) AS at, session_id
                FROM dispatches
                WHERE placed_at IS NOT NULL OR consumed_at IS NOT NULL
                ORDER BY at DESC
                LIMIT 1
                """)
                .ListAsync(reader => (At: reader.Time("at"), Session: reader.Text("session_id")), cancellationToken);
            return new LastEvents(
                asked.Count > 0 ? asked[0].At : null,
                asked.Count > 0 ? asked[0].Text : null,
                placed.Count > 0 ? placed[0].At : null,
                placed.Count > 0 ? placed[0].Session : null);
        },
        cancellationToken);

    private sealed record LastEvents(DateTimeOffset? AskedAt, string? Question, DateTimeOffset? DispatchedAt, string? Session);
}
