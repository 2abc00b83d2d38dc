namespace Relay.Loopback;

/// <summary>The token counts of one answered request, as in its usage object.</summary>
public sealed record TokenUsage(int InputTokens, int CacheWrite5mTokens, int CacheWrite1hTokens, int CacheReadTokens, int OutputTokens)
{
    public int CacheCreationInputTokens => CacheWrite5mTokens + CacheWrite1hTokens;

    public int PromptTokens => InputTokens + CacheCreationInputTokens + CacheReadTokens;

    public decimal CostUsd(TokenRates rates) =>
        (InputTokens * rates.Input
            + CacheWrite5mTokens * rates.Write5m
            + CacheWrite1hTokens * rates.Write1h
            + CacheReadTokens * rates.Read
            + OutputTokens * rates.Output) / 1_000_000m;
}
