using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>A page that a second way is to bring.</summary>
/// <param name="WasSent">It has brought it before.</param>
/// <param name="Wording">Grows with every change of what it is to bring.</param>
internal sealed record SecondPage(QueuedPage Page, string Way, int Attempts, bool WasSent, int Wording);

/// <summary>The pages on their second ways.</summary>
internal static partial class PageStore
{
    /// <param name="writing">Where it is recorded.</param>
    /// <param name="page">Which.</param>
    /// <param name="ways">The names of the ways.</param>
    /// <param name="again">Those that have brought it bring it once more.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static async Task QueueSecondAsync(
        Writing writing, string page, IEnumerable<string> ways, bool again, CancellationToken cancellationToken)
    {
        foreach (var way in ways)
            await writing.Sql(
                """
                INSERT INTO second_pages (page_id, way, state, attempts, due_at)
                VALUES (@id, @way, 'queued', 0, @now)
                ON CONFLICT (page_id, way) DO UPDATE
                SET state = 'queued', attempts = 0, due_at = @now, wording = second_pages.wording + 1
                WHERE second_pages.state <> 'queued' AND @again = 1
                """)
                .With("@id", page).With("@way", way).With("@now", writing.UnixNow).With("@again", again ? 1 : 0)
                .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Pages);
    }

    /// <summary>What they brought, or are about to, is to become what it is now; a mail cannot.</summary>
    public static Task RepeatSecondAsync(Writing writing, string page, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE second_pages
            SET state = 'queued', attempts = 0, due_at = @now, wording = wording + 1
            WHERE page_id = @id AND state <> 'dropped' AND way NOT LIKE 'mail%'
            """)
            .With("@id", page).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);

    /// <summary>What they brought has grown: they bring it once more, a mail too, with what else comes until then.</summary>
    private static Task<int> GrowSecondAsync(Writing writing, string page, DateTimeOffset at, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE second_pages
            SET due_at = CASE state WHEN 'queued' THEN due_at ELSE @at END, state = 'queued', attempts = 0, wording = wording + 1
            WHERE page_id = @id AND state <> 'dropped'
            """)
            .With("@id", page).With("@at", at.ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);

    public static Task<List<SecondPage>> DueSecondAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT
                p.page_id, p.kind, p.subject, p.title, p.body, p.priority, p.tags, p.attempts, p.issue, p.cleared_at, p.step, p.quiet_until,
                p.receipt_title, p.receipt, p.wording, s.way, s.attempts, CASE WHEN s.sent_at IS NULL THEN 0 ELSE 1 END, s.wording
            FROM second_pages s
            JOIN pages p ON p.page_id = s.page_id
            WHERE s.state = 'queued' AND s.due_at <= @now
            ORDER BY s.due_at
            LIMIT 20
            """)
            .With("@now", reading.UnixNow)
            .ListAsync(row => new SecondPage(QueuedPage.From(row), row.Text(), row.Int(), row.Flag(), row.Int()), cancellationToken);

    public static async Task<DateTimeOffset?> NextSecondAsync(Reading reading, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT MIN(due_at) FROM second_pages WHERE state = 'queued'").NumberOrNullAsync(cancellationToken) is { } due
            ? DateTimeOffset.FromUnixTimeMilliseconds(due)
            : null;

    public static Task SecondSentAsync(Writing writing, SecondPage page, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return writing.Sql(
            """
            UPDATE second_pages
            SET state = CASE WHEN wording = @wording THEN 'sent' ELSE state END, sent_at = @now, attempts = attempts + 1, last_error = NULL
            WHERE page_id = @id AND way = @way
            """)
            .With("@id", page.Page.Id).With("@way", page.Way).With("@wording", page.Wording).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>Nobody needs it any more.</summary>
    public static Task SecondDroppedAsync(Writing writing, SecondPage page, string? why, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE second_pages SET state = 'dropped', last_error = @why WHERE page_id = @id AND way = @way")
            .With("@id", page.Page.Id).With("@way", page.Way).With("@why", why)
            .ExecuteAsync(cancellationToken);

    public static Task SecondFailedAsync(
        Writing writing, SecondPage page, (string Reason, DateTimeOffset DueAt) failure, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Pages);
        return writing.Sql(
            """
            UPDATE second_pages
            SET attempts = attempts + 1, last_error = @error, due_at = @due
            WHERE page_id = @id AND way = @way AND wording = @wording
            """)
            .With("@id", page.Page.Id).With("@way", page.Way).With("@wording", page.Wording)
            .With("@error", failure.Reason).With("@due", failure.DueAt.ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
    }
}
