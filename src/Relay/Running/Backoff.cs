namespace Relay.Running;

/// <summary>When to try again: doubling from the first pause to the longest, a quarter more or less by chance, for as long as it
/// takes.</summary>
internal sealed record Backoff(TimeSpan First, TimeSpan Longest, double Factor = 2)
{
    /// <summary>A server's Retry-After is honoured up to this: a header of a day must not stop the work for a day.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>A server that keeps saying "at once" is still asked less and less often, up to this.</summary>
    private static readonly TimeSpan LongestAgainstAdvice = TimeSpan.FromSeconds(30);

    public TimeSpan Delay(int attempt) => Delay(attempt, retryAfter: null, Random.Shared.NextDouble());

    public TimeSpan Delay(int attempt, TimeSpan? retryAfter) => Delay(attempt, retryAfter, Random.Shared.NextDouble());

    /// <param name="attempt">From 1: the attempt that failed.</param>
    /// <param name="retryAfter">What the server asked for, if it did.</param>
    /// <param name="random">In [0, 1): spreads the retries of many.</param>
    public TimeSpan Delay(int attempt, TimeSpan? retryAfter, double random)
    {
        var grown = Math.Min(First.TotalSeconds * Math.Pow(Factor, Math.Min(attempt - 1, 30)), Longest.TotalSeconds);
        var jittered = TimeSpan.FromSeconds(grown * (0.75 + random / 2));
        if (retryAfter is not { } asked)
            return jittered;
        var honoured = asked < TimeSpan.Zero ? TimeSpan.Zero : asked > LongestRetryAfter ? LongestRetryAfter : asked;
        var spread = honoured + TimeSpan.FromSeconds(random / 4 * Math.Min(1, honoured.TotalSeconds)); // Never earlier than asked.
        var least = jittered < LongestAgainstAdvice ? jittered : LongestAgainstAdvice;
        return spread > least ? spread : least;
    }
}
