using Relay.Storage;

namespace Relay.Costs;

/// <summary>What the operator said a day may cost, in place of what config.yaml says.</summary>
/// <param name="Nano">In nano-dollars.</param>
/// <param name="At">When it was said.</param>
/// <param name="Via">How.</param>
internal sealed record DayCap(long Nano, DateTimeOffset At, string Via);

/// <summary>Owns the caps that were said for one day. They hold for that day of the calendar (UTC) whatever the clock does, and end with
/// it.</summary>
internal static class DayCaps
{
    /// <summary>It takes the place of those said before for the same day, which stay on record.</summary>
    public static Task SetAsync(Writing writing, string day, long nano, string via, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            INSERT INTO day_caps (day, number, cap_nano, at, via)
            SELECT @day, COALESCE(MAX(number), 0) + 1, @nano, @now, @via
            FROM day_caps
            WHERE day = @day
            """)
            .With("@day", day).With("@nano", nano).With("@now", writing.UnixNow).With("@via", via)
            .ExecuteAsync(cancellationToken);

    /// <summary>Null where nothing was said for the day.</summary>
    public static async Task<DayCap?> FindAsync(Reading reading, string day, CancellationToken cancellationToken) =>
        (await OfAsync(reading, day, most: 1, cancellationToken)).FirstOrDefault();

    /// <summary>All that was said for the day, newest first.</summary>
    public static Task<List<DayCap>> OfAsync(Reading reading, string day, int most, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT cap_nano, at, via
            FROM day_caps
            WHERE day = @day
            ORDER BY number DESC
            LIMIT @most
            """)
            .With("@day", day).With("@most", most)
            .ListAsync(row => new DayCap(row.Number(), row.Time(), row.Text()), cancellationToken);
}
