namespace Relay.Costs;

/// <summary>Tokens as the API counts them; the three kinds of input exclude each other.</summary>
internal sealed record TokenUsage(long Input, long Output, long CacheWrite5m, long CacheWrite1h, long CacheRead)
{
    public static readonly TokenUsage None = new(0, 0, 0, 0, 0);

    public long TotalInput => Input + CacheWrite5m + CacheWrite1h + CacheRead;

    public static TokenUsage operator +(TokenUsage left, TokenUsage right) => new(
        left.Input + right.Input,
        left.Output + right.Output,
        left.CacheWrite5m + right.CacheWrite5m,
        left.CacheWrite1h + right.CacheWrite1h,
        left.CacheRead + right.CacheRead);
}
