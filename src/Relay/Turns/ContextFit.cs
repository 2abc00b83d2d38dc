using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Costs;

namespace Relay.Turns;

/// <summary>Whether a window that the model did not take can be shortened so far that it does. Decided by the refusal's own numbers, for
/// each attempt at a summary is paid.</summary>
internal static partial class ContextFit
{
    /// <summary>The share of the context above which what every call carries is the cause, rather than the message.</summary>
    public const double MostCarried = 0.8;

    /// <summary>The share of a call's bytes above which nothing is left that a summary could take the place of.</summary>
    private const double MostFixed = 0.8;

    /// <summary>Tokens for a byte; usage below or above was not told, or only in part.</summary>
    private const double Sparsest = 0.1, Densest = 1.5;

    /// <summary>As in English prose.</summary>
    private const double TokensPerByte = 0.3;

    /// <summary>Null when shortening can help, or when too little is known to say.</summary>
    public static Shortening.Impossible? WhyNot(Claim claim, string refusal)
    {
        var past = claim.Past.FirstOrDefault(call => IsPlausible(call) && call.PromptBytes <= claim.Ledger.PromptBytes);
        return SizeIn(refusal) is var (tokens, limit) ? WhyNot(claim, past, tokens, limit) : WhyNotByBytes(claim, past);
    }

    private static Shortening.Impossible? WhyNot(Claim claim, PastCall? past, long tokens, long limit)
    {
        var perByte = past is null ? (double)tokens / Math.Max(1, claim.Ledger.PromptBytes) : PerByte(past);
        var carried = claim.CarriedBytes * perByte;
        if (carried > MostCarried * limit)
            return new Shortening.Impossible(Carried(carried, limit))
            {
                IsCarried = Math.Min(carried, claim.CarriedBytes) > limit, // A token has a byte at least.
            };
        // What is new since the last call is known to the token, and is a token a byte at most; without one, by its share of the bytes.
        var newest = past is null
            ? claim.NewestBytes * perByte
            : Math.Min(tokens - past.InputTokens - past.OutputTokens, claim.NewestBytes);
        return carried + newest > limit
            ? new Shortening.Impossible(string.Create(
                CultureInfo.InvariantCulture,
                $"the message takes about {newest:N0} tokens and what every call carries {carried:N0}, and the model takes {limit:N0}: "
                + $"no summary of the rest makes room for it"))
            : null;
    }

    /// <summary>The refusal tells no numbers. What failed has a length, and of a token it is known how many bytes it has at most.</summary>
    private static Shortening.Impossible? WhyNotByBytes(Claim claim, PastCall? past)
    {
        var limit = ModelContext.Of(claim.Call.Model);
        var isFixed = claim.CarriedBytes + claim.NewestBytes;
        var all = Math.Max(1, claim.Ledger.PromptBytes);
        if (isFixed <= MostFixed * all && isFixed * (past is null ? Sparsest : PerByte(past)) <= limit)
            return null;
        return new Shortening.Impossible(string.Create(
            CultureInfo.InvariantCulture,
            $"the message takes {claim.NewestBytes:N0} of the {all:N0} bytes that were sent, and what every call carries "
            + $"{claim.CarriedBytes:N0}: no summary of the rest makes room for it"));
    }

    private static double PerByte(PastCall call) => (double)call.InputTokens / call.PromptBytes;

    private static bool IsPlausible(PastCall call) => call.PromptBytes > 0 && PerByte(call) is >= Sparsest and <= Densest;

    /// <summary>Before any call: what to warn of when the system prompt alone likely takes over half of the model's context.</summary>
    public static string? CarriedBy(RelayConfig config)
    {
        var tokens = Encoding.UTF8.GetByteCount(config.SystemPromptText) * TokensPerByte;
        var limit = ModelContext.Of(config.Model);
        return config.Advisor == AdvisorKind.Simulated || tokens <= limit / 2.0
            ? null
            : string.Create(
                CultureInfo.InvariantCulture, $"system_prompt takes about {tokens:N0} of the model's {limit:N0} tokens in every call");
    }

    /// <summary>What to say of a system prompt and rulings that leave the messages too little room.</summary>
    public static string Carried(double tokens, long limit) => string.Create(
        CultureInfo.InvariantCulture,
        $"the system prompt and the operator's rulings take about {tokens:N0} of the model's {limit:N0} tokens in every call: "
        + $"shorten system_prompt in config.yaml, or take a model with more room");

    /// <summary>As in "prompt is too long: 1034561 tokens > 1000000 maximum", or, with room for the reply, in "input length and
    /// `max_tokens` exceed context limit: 225711 + 16000 > 200000".</summary>
    public static (long Tokens, long Limit)? SizeIn(string refusal)
    {
        if (Size().Match(refusal) is not { Success: true } match)
            return null;
        var limit = Number(match.Groups["limit"]) - (match.Groups["reply"] is { Success: true } reply ? Number(reply) : 0);
        return limit > 0 ? (Number(match.Groups["tokens"]), limit) : null;
    }

    private static long Number(Group digits) => long.Parse(digits.ValueSpan, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<tokens>\d[\d,]{0,14})( tokens| \+ (?<reply>\d[\d,]{0,14})) > (?<limit>\d[\d,]{0,14})")]
    private static partial Regex Size();
}
