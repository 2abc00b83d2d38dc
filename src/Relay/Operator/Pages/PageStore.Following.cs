using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Pages;

/// <summary>The page of a question, which is followed until its receipt has gone out.</summary>
/// <param name="SentAt">When the server last took it; null: never.</param>
/// <param name="ClearedAt">Since when the question is closed.</param>
/// <param name="Receipt">What the page says of that.</param>
/// <param name="IsQueued">It is on its way.</param>
internal sealed record FollowedPage(
    string Id, PageCause Cause, DateTimeOffset CreatedAt, DateTimeOffset? SentAt, DateTimeOffset? ClearedAt, string? Receipt, bool IsQueued)
{
    public const string Columns =
        "page_id, kind, subject, created_at, sent_at, cleared_at, receipt, CASE state WHEN 'queued' THEN 1 ELSE 0 END, "
        + "step, stepped_at, quiet_until, priority, issue, together";

    /// <summary>How many steps of the ladder were taken, and when the last one was.</summary>
    public int Step { get; init; }

    public DateTimeOffset? SteppedAt { get; init; }

    /// <summary>Until then the operator is not asked again.</summary>
    public DateTimeOffset? QuietUntil { get; init; }

    public int Priority { get; init; }

    /// <summary>Of a burst: how many questions were open when it was told last.</summary>
    public int Told { get; init; }

    /// <summary>The burst that lists it.</summary>
    public string? Together { get; init; }

    public static FollowedPage From(Row row) => new(
        row.Text(), new PageCause(row.Word<PageKind>(), row.Text()), row.Time(), row.TimeOrNull(), row.TimeOrNull(), row.TextOrNull(),
        row.Flag())
    {
        Step = row.Int(),
        SteppedAt = row.TimeOrNull(),
        QuietUntil = row.TimeOrNull(),
        Priority = row.Int(),
        Told = row.Int(),
        Together = row.TextOrNull(),
    };
}

/// <summary>What becomes of a question's page after it was queued.</summary>
internal static partial class PageStore
{
    public static Task<List<FollowedPage>> FollowedAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {FollowedPage.Columns}
            FROM pages
            WHERE followed = 1
            ORDER BY page_id
            """)
            .ListAsync(FollowedPage.From, cancellationToken);

    /// <summary>The page that stands for a cause; null when there is none.</summary>
    public static Task<QueuedPage?> FindStandingAsync(Reading reading, PageCause cause, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {QueuedPage.Columns} FROM pages WHERE kind = @kind AND subject = @subject AND {IsStanding}")
            .With("@kind", cause.Kind.Word()).With("@subject", cause.Subject)
            .FirstAsync(QueuedPage.From, cancellationToken);

    /// <summary>Nothing more is to become of it.</summary>
    public static Task LeaveAsync(Writing writing, string page, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE pages SET followed = 0 WHERE page_id = @id")
            .With("@id", page)
            .ExecuteAsync(cancellationToken);

    /// <summary>The page on the phone becomes this. It keeps its sequence id, so that it replaces what it was.</summary>
    public static Task ReceiptAsync(
        Writing writing, string page, (string Title, string Text) receipt, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return writing.Sql(
            """
            UPDATE pages
            SET receipt_title = @title, receipt = @text, state = 'queued', attempts = 0, due_at = @now, last_error = NULL,
                wording = wording + 1
            WHERE page_id = @id AND cleared_at IS NOT NULL
            """)
            .With("@id", page).With("@title", receipt.Title).With("@text", receipt.Text).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>The page goes out once more, as the next step of the ladder or as the first one of a new round.</summary>
    /// <param name="writing">Where it is recorded.</param>
    /// <param name="page">Which.</param>
    /// <param name="step">How many steps are taken with it.</param>
    /// <param name="newButtons">The buttons of the page before count no more.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static Task AgainAsync(Writing writing, string page, int step, bool newButtons, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return writing.Sql(
            $"""
            UPDATE pages
            SET state = 'queued', attempts = 0, due_at = @now, step = @step, stepped_at = @now, issue = issue + @more, quiet_until = NULL,
                wording = wording + 1, priority = CASE priority WHEN 2 THEN 5 ELSE priority END
            WHERE page_id = @id AND {IsStanding}
            """)
            .With("@id", page).With("@step", step).With("@more", newButtons ? 1 : 0).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>A step that shows nothing on the phone was taken.</summary>
    public static Task SteppedAsync(Writing writing, string page, int step, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE pages SET step = @step, stepped_at = @now WHERE page_id = @id")
            .With("@id", page).With("@step", step).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>The operator is not asked again before a time. The page says so, with buttons of its own.</summary>
    public static Task PutOffAsync(Writing writing, PageCause cause, DateTimeOffset until, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        writing.Wake(Topic.Questions, cause.Subject);
        return writing.Sql(
            $"""
            UPDATE pages
            SET state = 'queued', attempts = 0, due_at = @now, step = 0, stepped_at = @now, issue = issue + 1, quiet_until = @until,
                wording = wording + 1, together = NULL
            WHERE kind = @kind AND subject = @subject AND {IsStanding}
            """)
            .With("@kind", cause.Kind.Word()).With("@subject", cause.Subject)
            .With("@until", until.ToUnixTimeMilliseconds()).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }
}
