namespace Relay.Loopback;

/// <summary>Prices in US dollars per million tokens.</summary>
public sealed record TokenRates(decimal Input, decimal Output, decimal Write5m, decimal Write1h, decimal Read)
{
    public static readonly TokenRates Opus55 = new(Input: 4, Output: 20, Write5m: 5, Write1h: 8, Read: 0.20m);
    public static readonly TokenRates Sonnet55 = new(Input: 2, Output: 10, Write5m: 2.50m, Write1h: 4, Read: 0.10m);
}

/// <summary>Differences between the models that matter for the stand-in.</summary>
internal static class ModelFacts
{
    /// <summary>How many tokens a prefix must have to be cached. Shorter ones are silently not cached.</summary>
    public static int MinimumPrefixTokens(string model) => model switch
    {
        _ when model.EndsWith("-5-5", StringComparison.Ordinal) => 512,
        "claude-fable-5" or "claude-fable-5-1" or "claude-fable-5-2" => 512,
        "claude-mythos-5" or "claude-mythos-5-1" or "claude-mythos-5-2" or "claude-opus-5" => 512,
        "claude-opus-4-7" => 2_048,
        "claude-opus-4-6" => 4_096,
        _ when model.StartsWith("claude-opus-4-5", StringComparison.Ordinal) => 4_096,
        _ when model.StartsWith("claude-haiku-4-5", StringComparison.Ordinal) => 4_096,
        _ => 1_024,
    };

    /// <summary>In the 4.5 generation a request may end with the beginning of the answer.</summary>
    public static bool AcceptsPrefill(string model) =>
        model.StartsWith("claude-", StringComparison.Ordinal) && model.Contains("-4-5", StringComparison.Ordinal);

    /// <summary>Since 5.1 a thinking block is valid only in its own conversation.</summary>
    public static bool BindsThinking(string model) =>
        model.EndsWith("-5-1", StringComparison.Ordinal)
        || model.EndsWith("-5-2", StringComparison.Ordinal)
        || model.EndsWith("-5-5", StringComparison.Ordinal);
}
