using System.Data.Common;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>What a page is about: one stands per cause until the cause clears.</summary>
internal static class PageCause
{
    public const string Online = "online";
    public const string Stuck = "stuck";

    public static string Question(long question) => FormattableString.Invariant($"question:{question}");

    public static string Hold(string cause) => "hold:" + cause;
}

internal sealed record NewPage(string Cause, string Title, string Body, int Priority, string Tags);

/// <summary>A push to the operator, kept until the server took it.</summary>
internal sealed record QueuedPage(string Id, string Cause, string Title, string Body, int Priority, string Tags, int Attempts)
{
    public const string Columns = "page_id, cause, title, body, priority, tags, attempts";

    public static QueuedPage From(DbDataReader reader) => new(
        reader.Text("page_id"),
        reader.Text("cause"),
        reader.Text("title"),
        reader.Text("body"),
        (int)reader.Number("priority"),
        reader.Text("tags"),
        (int)reader.Number("attempts"));
}

/// <summary>Owns the pages. A page whose cause cleared before it was sent is dropped: no question that is answered is paged.</summary>
internal sealed class PageStore(Database database, Signals signals, TimeProvider clock)
{
    /// <summary>False when a page about this cause stands already. The caller wakes the pager once the transaction is through.</summary>
    public async Task<bool> QueueAsync(DbTransaction transaction, NewPage page, CancellationToken cancellationToken)
    {
        return await transaction.Command(
            """
            INSERT INTO pages (page_id, cause, title, body, priority, tags, state, attempts, due_at, created_at)
            SELECT @id, @cause, @title, @body, @priority, @tags, 'queued', 0, @now, @now
            WHERE NOT EXISTS (SELECT 1 FROM pages WHERE cause = @cause AND cleared_at IS NULL)
            """)
            .With("@id", Guid.CreateVersion7(clock.GetUtcNow()).ToString("N")).With("@cause", page.Cause)
            .With("@title", page.Title).With("@body", page.Body).With("@priority", page.Priority)
            .With("@tags", page.Tags).With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken) > 0;
    }

    public async Task<bool> QueueAsync(NewPage page, CancellationToken cancellationToken)
    {
        var queued = await database.WriteAsync(transaction => QueueAsync(transaction, page, cancellationToken), cancellationToken);
        signals.Pages.Set();
        return queued;
    }

    /// <summary>After a transaction that queued a page.</summary>
    public void Wake() => signals.Pages.Set();

    /// <summary>Says that the relay runs; one announcement at most waits to be sent.</summary>
    public Task AnnounceAsync(string model, string home, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                await ClearAsync(transaction, PageCause.Online, cancellationToken);
                await QueueAsync(transaction, new NewPage(PageCause.Online, "Relay online", $"Advisor {model}, home {home}", Priority: 3, "satellite"), cancellationToken);
            },
            cancellationToken);

    /// <summary>The cause is no more: what was not sent is dropped, and the next time it is paged again. True when a page stood.</summary>
    public async Task<bool> ClearAsync(DbTransaction transaction, string cause, CancellationToken cancellationToken) =>
        await transaction.Command(
            """
            UPDATE pages
            SET cleared_at = @now, state = CASE state WHEN 'queued' THEN 'dropped' ELSE state END
            WHERE cause = @cause AND cleared_at IS NULL
            """)
            .With("@cause", cause).With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken) > 0;

    /// <summary>Clears every hold that one good call disproves: the key works, there is credit.</summary>
    public Task ClearHoldsAsync(DbTransaction transaction, CancellationToken cancellationToken) =>
        transaction.Command(
            """
            UPDATE pages
            SET cleared_at = @now, state = CASE state WHEN 'queued' THEN 'dropped' ELSE state END
            WHERE cleared_at IS NULL AND cause LIKE 'hold:%'
            """)
            .With("@now", clock.UnixNow())
            .ExecuteAsync(cancellationToken);

    public Task<List<QueuedPage>> DueAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT {QueuedPage.Columns}
                FROM pages
                WHERE state = 'queued' AND due_at <= @now
                ORDER BY due_at
                LIMIT 20
                """)
                .With("@now", clock.UnixNow())
                .ListAsync(QueuedPage.From, cancellationToken),
            cancellationToken);

    /// <summary>False when the cause cleared while the page was on its way.</summary>
    public Task<bool> IsStillWantedAsync(QueuedPage page, CancellationToken cancellationToken) =>
        database.ReadAsync(
            async connection => await connection.Command("SELECT COUNT(*) FROM pages WHERE page_id = @id AND state = 'queued'")
                .With("@id", page.Id)
                .NumberAsync(cancellationToken) > 0,
            cancellationToken);

    public Task SentAsync(QueuedPage page, CancellationToken cancellationToken) =>
        database.WriteAsync(
            transaction => transaction.Command(
                """
                UPDATE pages
                SET state = 'sent', sent_at = @now, attempts = attempts + 1, last_error = NULL
                WHERE page_id = @id
                """)
                .With("@id", page.Id).With("@now", clock.UnixNow())
                .ExecuteAsync(cancellationToken),
            cancellationToken);

    public Task FailedAsync(QueuedPage page, string error, DateTimeOffset dueAt, CancellationToken cancellationToken) =>
        database.WriteAsync(
            transaction => transaction.Command(
                """
                UPDATE pages
                SET attempts = attempts + 1, last_error = @error, due_at = @due
                WHERE page_id = @id
                """)
                .With("@id", page.Id).With("@error", error).With("@due", dueAt.ToUnixTimeMilliseconds())
                .ExecuteAsync(cancellationToken),
            cancellationToken);

    /// <summary>Since when each cause that stands has been standing.</summary>
    public Task<List<(string Cause, DateTimeOffset Since)>> StandingAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT cause, created_at
                FROM pages
                WHERE cleared_at IS NULL
                ORDER BY created_at
                """)
                .ListAsync(reader => (reader.Text("cause"), reader.Time("created_at")), cancellationToken),
            cancellationToken);

    /// <summary>Pages the server has not taken yet, and what it last said.</summary>
    public Task<(long Count, string? LastError)> UnsentAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            async connection => (await connection.Command(
                """
                SELECT COUNT(*) AS count, MAX(last_error) AS error
                FROM pages
                WHERE state = 'queued'
                """)
                .ListAsync(reader => (reader.Number("count"), reader.TextOrNull("error")), cancellationToken))[0],
            cancellationToken);
}
