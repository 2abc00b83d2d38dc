using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>The pages of questions that came in a burst: one page lists them, in place of their own.</summary>
internal static partial class PageStore
{
    /// <summary>So soon after it made noise, one that grows makes none.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(15);

    /// <summary>They go out together: with the burst of the last minute, if there is one.</summary>
    public static async Task GatherAsync(Writing writing, IReadOnlyList<QueuedPage> pages, CancellationToken cancellationToken)
    {
        var newest = (await BurstsAsync(writing, cancellationToken)).LastOrDefault();
        var since = newest is null ? TimeSpan.MaxValue : (writing.Now - (newest.SteppedAt ?? newest.CreatedAt)).Duration();
        var loud = pages.Max(page => page.Priority);
        var burst = newest is not null && since < Bursts.Span ? newest.Id : await NewBurstAsync(writing, loud, cancellationToken);
        foreach (var page in pages)
            await writing.Sql(
                $"UPDATE pages SET together = @burst, wording = wording + 1, {NotQueued} WHERE page_id = @id AND {IsStanding}")
                .With("@id", page.Id).With("@burst", burst)
                .ExecuteAsync(cancellationToken);
        await TellBurstAsync(writing, burst, since < Calm ? QueuedPage.Silent : loud, cancellationToken);
        await GrowSecondAsync(writing, burst, writing.Now + Calm, cancellationToken);
        await writing.Sql("UPDATE pages SET stepped_at = @now WHERE page_id = @id")
            .With("@id", burst).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>How many questions the operator was told of in the time before now, if only by a second way, and has not answered.
    /// </summary>
    public static Task<long> AskedLatelyAsync(Reading reading, TimeSpan time, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT COUNT(*)
            FROM pages
            WHERE followed = 1 AND {IsStanding} AND subject NOT LIKE 'burst:%' AND COALESCE(sent_at, created_at) > @since
              AND (state <> 'queued' OR (attempts > 0 AND due_at > @now))
            """)
            .With("@since", (reading.Now - time).ToUnixTimeMilliseconds()).With("@now", reading.UnixNow)
            .NumberAsync(cancellationToken);

    /// <summary>What it lists has changed: it is to be sent anew, without noise only where what should make some was sent.</summary>
    public static async Task TellBurstAsync(Writing writing, string burst, int priority, CancellationToken cancellationToken)
    {
        var open = (await MembersAsync(writing, burst, cancellationToken)).Count(member => member.IsOpen);
        writing.Wake(Topic.Pages);
        await writing.Sql(
            $"""
            UPDATE pages
            SET state = 'queued', attempts = 0, due_at = @now, issue = @open, wording = wording + 1,
                priority = CASE WHEN state = 'queued' AND priority > @priority THEN priority ELSE @priority END
            WHERE page_id = @id AND {IsStanding}
            """)
            .With("@id", burst).With("@open", open).With("@priority", priority).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>The questions that a page lists, and whether they are open, in their order.</summary>
    public static Task<List<(long Question, bool IsOpen)>> MembersAsync(
        Reading reading, string burst, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT kind, subject, CASE WHEN cleared_at IS NULL THEN 1 ELSE 0 END
            FROM pages
            WHERE together = @burst AND together IS NOT NULL
            ORDER BY page_id
            """)
            .With("@burst", burst)
            .ListAsync(
                row => (new PageCause(row.Word<PageKind>(), row.Text()).QuestionNumber ?? 0, row.Flag()), cancellationToken);

    private static async Task<string> NewBurstAsync(Writing writing, int priority, CancellationToken cancellationToken)
    {
        var cause = PageCause.Burst(Guid.CreateVersion7(writing.Now).ToString("N"));
        await QueueAsync(writing, new NewPage(cause, "Questions wait for you", "", priority, "question"), cancellationToken);
        return (await FindStandingAsync(writing, cause, cancellationToken))!.Id;
    }

    private static Task<List<FollowedPage>> BurstsAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {FollowedPage.Columns}
            FROM pages
            WHERE kind = 'question' AND subject >= 'burst:' AND subject < 'burst;' AND {IsStanding}
            ORDER BY subject
            """)
            .ListAsync(FollowedPage.From, cancellationToken);
}
