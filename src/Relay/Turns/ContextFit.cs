using System.Globalization;
using System.Text.RegularExpressions;

namespace Relay.Turns;

/// <summary>Whether a window that the model did not take can be shortened so far that it does. Decided by the refusal's own numbers, for
/// each attempt at a summary is paid.</summary>
internal static partial class ContextFit
{
    /// <summary>The share of the context above which what every call carries is the cause, rather than the message.</summary>
    public const double MostCarried = 0.8;

    /// <summary>Null when shortening can help, or when the refusal says too little to know.</summary>
    public static string? WhyNot(Claim claim, string refusal)
    {
        if (SizeIn(refusal) is not var (tokens, limit))
            return null;
        var past = claim.Past.FirstOrDefault(call => call.PromptBytes > 0 && call.PromptBytes <= claim.Ledger.PromptBytes);
        var perByte = past is null
            ? (double)tokens / Math.Max(1, claim.Ledger.PromptBytes)
            : (double)past.InputTokens / past.PromptBytes;
        var carried = claim.CarriedBytes * perByte;
        if (carried > MostCarried * limit)
            return Carried(carried, limit);
        // What is new since the last call is known to the token; without one, by its share of the bytes.
        var newest = past is null ? claim.NewestBytes * perByte : tokens - past.InputTokens - past.OutputTokens;
        return carried + newest > limit
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the message takes about {newest:N0} tokens and what every call carries {carried:N0}, and the model takes {limit:N0}: "
                + $"no summary of the rest makes room for it")
            : null;
    }

    /// <summary>What to say of a system prompt and rulings that leave the messages too little room.</summary>
    public static string Carried(double tokens, long limit) => string.Create(
        CultureInfo.InvariantCulture,
        $"the system prompt and the operator's rulings take about {tokens:N0} of the model's {limit:N0} tokens in every call: "
        + $"shorten system_prompt in config.yaml, or take a model with more room");

    /// <summary>As in "prompt is too long: 1034561 tokens > 1000000 maximum".</summary>
    public static (long Tokens, long Limit)? SizeIn(string refusal) =>
        Size().Match(refusal) is { Success: true } match
        && long.TryParse(match.Groups[1].ValueSpan, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var tokens)
        && long.TryParse(match.Groups[2].ValueSpan, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var limit)
            ? (tokens, limit)
            : null;

    [GeneratedRegex(@"([\d,]{1,15}) tokens > ([\d,]{1,15})")]
    private static partial Regex Size();
}
