using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Pages;

/// <summary>Owns the pages. A page whose cause cleared before it was sent is dropped: no question that is answered is paged.</summary>
internal static class PageStore
{
    private const string IsQueued = "state = 'queued'";
    private const string IsStanding = "cleared_at IS NULL";

    /// <summary>False when a page about this cause stands already.</summary>
    public static async Task<bool> QueueAsync(Writing writing, NewPage page, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return await writing.Sql(
            """
            INSERT INTO pages (page_id, kind, subject, title, body, priority, tags, state, attempts, due_at, created_at)
            VALUES (@id, @kind, @subject, @title, @body, @priority, @tags, 'queued', 0, @now, @now)
            ON CONFLICT (kind, subject) WHERE cleared_at IS NULL DO NOTHING
            """)
            .With("@id", Guid.CreateVersion7(writing.Now).ToString("N"))
            .With("@kind", page.Cause.Kind.Word()).With("@subject", page.Cause.Subject)
            .With("@title", page.Title).With("@body", page.Body).With("@priority", page.Priority)
            .With("@tags", page.Tags).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken) > 0;
    }

    /// <summary>Says that the relay runs; one announcement at most waits to be sent.</summary>
    public static async Task AnnounceAsync(Writing writing, string model, string home, CancellationToken cancellationToken)
    {
        await ClearAsync(writing, PageCause.Online, cancellationToken);
        var page = new NewPage(PageCause.Online, "Relay online", $"Advisor {model}, home {home}", Priority: 3, "satellite");
        await QueueAsync(writing, page, cancellationToken);
    }

    /// <summary>The cause is no more: what was not sent is dropped, and the next time it is paged again.</summary>
    public static Task ClearAsync(Writing writing, PageCause cause, CancellationToken cancellationToken) =>
        writing.Sql(
            $"""
            UPDATE pages
            SET cleared_at = @now, state = CASE state WHEN 'queued' THEN 'dropped' ELSE state END
            WHERE kind = @kind AND subject = @subject AND {IsStanding}
            """)
            .With("@kind", cause.Kind.Word()).With("@subject", cause.Subject).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>Clears every hold that one good call disproves: the key works, there is credit.</summary>
    public static Task ClearHoldsAsync(Writing writing, CancellationToken cancellationToken) =>
        writing.Sql(
            $"""
            UPDATE pages
            SET cleared_at = @now, state = CASE state WHEN 'queued' THEN 'dropped' ELSE state END
            WHERE kind = 'hold' AND {IsStanding}
            """)
            .With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    public static Task<List<QueuedPage>> DueAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {QueuedPage.Columns}
            FROM pages
            WHERE {IsQueued} AND due_at <= @now
            ORDER BY due_at
            LIMIT 20
            """)
            .With("@now", reading.UnixNow)
            .ListAsync(QueuedPage.From, cancellationToken);

    /// <summary>When the next page is due; null when none waits.</summary>
    public static async Task<DateTimeOffset?> NextDueAsync(Reading reading, CancellationToken cancellationToken) =>
        await reading.Sql($"SELECT MIN(due_at) FROM pages WHERE {IsQueued}").NumberOrNullAsync(cancellationToken) is { } due
            ? DateTimeOffset.FromUnixTimeMilliseconds(due)
            : null;

    /// <summary>False when the cause cleared while the page was on its way.</summary>
    public static async Task<bool> IsStillWantedAsync(Reading reading, QueuedPage page, CancellationToken cancellationToken) =>
        await reading.Sql($"SELECT 1 FROM pages WHERE page_id = @id AND {IsQueued}")
            .With("@id", page.Id)
            .NumberOrNullAsync(cancellationToken) is not null;

    public static Task SentAsync(Writing writing, QueuedPage page, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return writing.Sql(
            """
            UPDATE pages
            SET state = 'sent', sent_at = @now, attempts = attempts + 1, last_error = NULL
            WHERE page_id = @id
            """)
            .With("@id", page.Id).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    public static Task FailedAsync(Writing writing, QueuedPage page, string error, DateTimeOffset dueAt, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return writing.Sql(
            """
            UPDATE pages
            SET attempts = attempts + 1, last_error = @error, due_at = @due
            WHERE page_id = @id
            """)
            .With("@id", page.Id).With("@error", error).With("@due", dueAt.ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>Since when a cause has been standing; null when it does not.</summary>
    public static async Task<DateTimeOffset?> StandingSinceAsync(Reading reading, PageCause cause, CancellationToken cancellationToken) =>
        await reading.Sql($"SELECT created_at FROM pages WHERE kind = @kind AND subject = @subject AND {IsStanding}")
            .With("@kind", cause.Kind.Word()).With("@subject", cause.Subject)
            .NumberOrNullAsync(cancellationToken) is { } since
            ? DateTimeOffset.FromUnixTimeMilliseconds(since)
            : null;

    /// <summary>Pages the server has not taken yet.</summary>
    public static Task<Unsent> UnsentAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT COUNT(*), MAX(last_error), MIN(created_at)
            FROM pages
            WHERE {IsQueued}
            """)
            .OnlyAsync(row => new Unsent(row.Number(), row.TextOrNull(), row.TimeOrNull()), cancellationToken);
}

/// <summary>Pages the server has not taken yet: how many, what it last said, and since when the oldest waits.</summary>
internal sealed record Unsent(long Count, string? LastError, DateTimeOffset? OldestAt);
