using System.Globalization;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Pages;

/// <summary>Reads and writes the pages. A page whose cause is cleared before it was sent is dropped:
/// for instance, the page of a question that was answered meanwhile.</summary>
internal static partial class PageStore
{
    private const string IsQueued = "state = 'queued'";

    /// <summary>Due for a page that the server refuses for good: it is shown as unsent, and sent again only when the settings change or the
    /// relay starts.</summary>
    private static readonly long Never = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>Further away no attempt is ever put off. A time beyond it was stored under another clock.</summary>
    public static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(10);

    private const string IsStanding = "cleared_at IS NULL";

    /// <summary>What was to be said again is not, and the server has what was said.</summary>
    private const string NotQueued =
        "state = CASE WHEN state <> 'queued' THEN state WHEN sent_at IS NULL THEN 'dropped' ELSE 'sent' END";

    /// <summary>False when there is already a page for this cause.</summary>
    public static async Task<bool> QueueAsync(Writing writing, NewPage page, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return await writing.Sql(
            """
            INSERT INTO pages (page_id, kind, subject, title, body, priority, tags, state, attempts, due_at, created_at, followed)
            VALUES (@id, @kind, @subject, @title, @body, @priority, @tags, 'queued', 0, @now, @now, @followed)
            ON CONFLICT (kind, subject) WHERE cleared_at IS NULL DO NOTHING
            """)
            .With("@id", Guid.CreateVersion7(writing.Now).ToString("N"))
            .With("@kind", page.Cause.Kind.Word()).With("@subject", page.Cause.Subject)
            .With("@title", page.Title).With("@body", page.Body).With("@priority", page.Priority)
            .With("@tags", page.Tags).With("@now", writing.UnixNow).With("@followed", page.Cause.IsFollowed ? 1 : 0)
            .ExecuteAsync(cancellationToken) > 0;
    }

    /// <summary>Pages that the relay runs. An older such page that was not sent yet is dropped.</summary>
    public static async Task AnnounceAsync(Writing writing, string model, string home, CancellationToken cancellationToken)
    {
        await ClearAsync(writing, PageCause.Online, cancellationToken);
        var page = new NewPage(PageCause.Online, "Relay online", $"Advisor {model}, home {home}", Priority: 3, "satellite");
        await QueueAsync(writing, page, cancellationToken);
    }

    /// <summary>The cause is gone: its page is dropped if it was not sent yet, and the cause can be paged again.</summary>
    public static Task ClearAsync(Writing writing, PageCause cause, CancellationToken cancellationToken) =>
        writing.Sql(
            $"""
            UPDATE pages
            SET cleared_at = @now, {NotQueued}
            WHERE kind = @kind AND subject = @subject AND {IsStanding}
            """)
            .With("@kind", cause.Kind.Word()).With("@subject", cause.Subject).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>Clears all causes that a successful call disproves: the key works, and there is credit.</summary>
    /// <returns>How many there were.</returns>
    public static Task<int> ClearHoldsAsync(Writing writing, CancellationToken cancellationToken) =>
        writing.Sql(
            $"""
            UPDATE pages
            SET cleared_at = @now, {NotQueued}
            WHERE kind = 'hold' AND subject NOT IN ('budget', 'price', 'context', 'fault') AND subject NOT LIKE '%:%' AND {IsStanding}
            """)
            .With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>The pages to send now. Only one that failed waits, and a time further away than such a wait can ever be was written
    /// before the clock was set back: it has come.</summary>
    /// <param name="reading">Where from.</param>
    /// <param name="ofMessages">Those about single messages, which go out together; else all others.</param>
    /// <param name="most">How many.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static Task<List<QueuedPage>> DueAsync(Reading reading, bool ofMessages, int most, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {QueuedPage.Columns}
            FROM pages
            WHERE {IsQueued} AND CASE kind WHEN 'message' THEN 1 ELSE 0 END = @of
              AND (attempts = 0 OR due_at <= @now OR due_at > @farthest AND due_at < @never)
            ORDER BY due_at
            LIMIT @most
            """)
            .With("@of", ofMessages ? 1 : 0).With("@now", reading.UnixNow).With("@never", Never).With("@most", most)
            .With("@farthest", (reading.Now + LongestDelay).ToUnixTimeMilliseconds())
            .ListAsync(QueuedPage.From, cancellationToken);

    /// <summary>When the next page of these is due; null when none waits.</summary>
    public static async Task<DateTimeOffset?> NextDueAsync(Reading reading, bool ofMessages, CancellationToken cancellationToken) =>
        await reading.Sql($"SELECT MIN(due_at) FROM pages WHERE {IsQueued} AND CASE kind WHEN 'message' THEN 1 ELSE 0 END = @of")
            .With("@of", ofMessages ? 1 : 0)
            .NumberOrNullAsync(cancellationToken) is { } due
            ? DateTimeOffset.FromUnixTimeMilliseconds(due)
            : null;

    /// <summary>The clock was set: the pages that failed before that wait as long as they did.</summary>
    public static async Task FollowClockAsync(Writing writing, TimeSpan step, CancellationToken cancellationToken)
    {
        await writing.Sql($"UPDATE pages SET due_at = due_at + @step WHERE {IsQueued} AND due_at < @never")
            .With("@step", (long)step.TotalMilliseconds).With("@never", Never)
            .ExecuteAsync(cancellationToken);
        await writing.Sql("UPDATE second_pages SET due_at = due_at + @step WHERE state = 'queued'")
            .With("@step", (long)step.TotalMilliseconds)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Pages);
    }

    /// <summary>As it is to be sent now; null when its cause was cleared while it waited.</summary>
    public static Task<QueuedPage?> StillWantedAsync(Reading reading, QueuedPage page, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {QueuedPage.Columns} FROM pages WHERE page_id = @id AND {IsQueued}")
            .With("@id", page.Id)
            .FirstAsync(QueuedPage.From, cancellationToken);

    /// <summary>Records that the server has it. What it is to say may have changed on the way: then that is still to be sent.</summary>
    /// <param name="writing">Where it is recorded.</param>
    /// <param name="page">Which.</param>
    /// <param name="taken">What of it.</param>
    /// <param name="cancellationToken">Ends the recording.</param>
    public static async Task SentAsync(Writing writing, QueuedPage page, Push.Taken taken, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        var now = writing.UnixNow.ToString(CultureInfo.InvariantCulture);
        await FactStore.SetAsync(writing, FactStore.LastPage, now, cancellationToken);
        await writing.Sql(
            """
            UPDATE pages
            SET state = CASE WHEN wording = @wording OR state <> 'queued' THEN 'sent' ELSE state END,
                sent_at = @now, attempts = attempts + 1, last_error = @refusal, content = @content
            WHERE page_id = @id
            """)
            .With("@id", page.Id).With("@wording", page.Wording).With("@now", writing.UnixNow).With("@refusal", taken.Refusal)
            .With("@content", taken.IsTitleAlone ? "title" : "full")
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>Null when no page stands for the cause.</summary>
    public static Task<StandingPage?> StandingAsync(Reading reading, PageCause cause, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT
                body, CASE WHEN sent_at IS NOT NULL AND (content = 'title' OR state = 'sent' AND last_error IS NOT NULL) THEN 1 ELSE 0 END,
                CASE WHEN sent_at IS NOT NULL THEN 1 ELSE 0 END, CASE WHEN together IS NOT NULL AND sent_at IS NULL THEN 1 ELSE 0 END
            FROM pages
            WHERE kind = @kind AND subject = @subject AND {IsStanding}
            """)
            .With("@kind", cause.Kind.Word()).With("@subject", cause.Subject)
            .FirstAsync(row => new StandingPage(row.Text(), row.Flag(), row.Flag()) { IsTogether = row.Flag() }, cancellationToken);

    /// <summary>To be shown as unsent, and not to be repeated by time alone.</summary>
    public static Task RefusedAsync(Writing writing, QueuedPage page, string error, CancellationToken cancellationToken) =>
        FailedAsync(writing, page, error, DateTimeOffset.MaxValue, cancellationToken);

    /// <summary>Every unsent page is due, because what kept it back may be mended.</summary>
    public static async Task HurryAsync(Writing writing, CancellationToken cancellationToken)
    {
        await writing.Sql($"UPDATE pages SET due_at = @now WHERE {IsQueued} AND due_at > @now")
            .With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        await writing.Sql("UPDATE second_pages SET due_at = @now WHERE state = 'queued' AND due_at > @now")
            .With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Pages);
    }

    public static Task FailedAsync(
        Writing writing, QueuedPage page, string error, DateTimeOffset dueAt, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return writing.Sql(
            """
            UPDATE pages
            SET attempts = attempts + 1, last_error = @error, due_at = @due
            WHERE page_id = @id AND wording = @wording
            """)
            .With("@id", page.Id).With("@wording", page.Wording).With("@error", error).With("@due", dueAt.ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>Since when there is a page for this cause; null when there is none.</summary>
    public static async Task<DateTimeOffset?> StandingSinceAsync(Reading reading, PageCause cause, CancellationToken cancellationToken) =>
        await reading.Sql($"SELECT created_at FROM pages WHERE kind = @kind AND subject = @subject AND {IsStanding}")
            .With("@kind", cause.Kind.Word()).With("@subject", cause.Subject)
            .NumberOrNullAsync(cancellationToken) is { } since
            ? DateTimeOffset.FromUnixTimeMilliseconds(since)
            : null;

    /// <summary>What the standing pages of a kind are about, each a subject of its own.</summary>
    public static Task<List<string>> StandingSubjectsAsync(Reading reading, PageKind kind, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT subject FROM pages WHERE kind = @kind AND subject > '' AND {IsStanding}")
            .With("@kind", kind.Word())
            .ListAsync(row => row.Text(), cancellationToken);

    /// <summary>What the advisor said to the operator's own words, the newest first: the words of its pages.</summary>
    public static Task<List<(string Text, DateTimeOffset At)>> RepliesAsync(
        Reading reading, int limit, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT body, created_at FROM pages WHERE kind = 'reply' AND {IsStanding} ORDER BY subject DESC LIMIT @limit")
            .With("@limit", limit)
            .ListAsync(row => (row.Text(), row.Time()), cancellationToken);

    /// <summary>The pages that the server has not taken yet.</summary>
    public static Task<Unsent> UnsentAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT COUNT(*), MAX(last_error), MIN(created_at)
            FROM pages
            WHERE {IsQueued}
            """)
            .OnlyAsync(row => new Unsent(row.Number(), row.TextOrNull(), row.TimeOrNull()), cancellationToken);

    /// <summary>Of those, what was tried and failed, and no second way has brought.</summary>
    public static Task<Failing> FailingAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT MIN(created_at), MAX(last_error), MAX(CASE WHEN kind = 'question' AND cleared_at IS NULL THEN last_error END)
            FROM pages
            WHERE {IsQueued} AND last_error IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM second_pages s WHERE s.page_id = pages.page_id AND s.state = 'sent')
            """)
            .OnlyAsync(row => new Failing(row.TimeOrNull(), row.TextOrNull(), row.TextOrNull()), cancellationToken);
}

/// <summary>The pages that the server has not taken yet: their number, the last error, and since when the oldest waits.</summary>
internal sealed record Unsent(long Count, string? LastError, DateTimeOffset? OldestAt);

/// <summary>The pages that were tried and failed: since when the oldest waits, why, and why one of a question failed.</summary>
internal sealed record Failing(DateTimeOffset? Since, string? Error, string? QuestionError);
