using System.Globalization;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Costs;

/// <summary>The most that a model was seen to take: a backend that counts other than the API breaks bounds that hold there.</summary>
/// <param name="TokensPerByte">Of a prompt; at least 1.</param>
/// <param name="ExtraTokens">Beside those of the prompt, seen with short ones.</param>
/// <param name="OutputShare">Of max_tokens; at least 1.</param>
/// <param name="Calls">How many took more than was reserved.</param>
internal sealed record Overrun(double TokensPerByte, long ExtraTokens, double OutputShare, long Calls)
{
    private const string Prefix = "overrun:";

    /// <summary>Of a shorter prompt the share says little.</summary>
    private const int LongPrompt = 4_096;

    public static readonly Overrun None = new(TokensPerByte: 1, ExtraTokens: 0, OutputShare: 1, Calls: 0);

    /// <summary>With one more call.</summary>
    public Overrun With(StartedCall call, TokenUsage usage)
    {
        var isLong = call.PromptBytes >= LongPrompt;
        return new Overrun(
            isLong ? Math.Max(TokensPerByte, (double)usage.TotalInput / call.PromptBytes) : TokensPerByte,
            isLong ? ExtraTokens : Math.Max(ExtraTokens, usage.TotalInput - call.PromptBytes),
            call.MaxTokens > 0 ? Math.Max(OutputShare, (double)usage.Output / call.MaxTokens) : OutputShare,
            Calls + 1);
    }

    public string Describe(string model) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Calls} calls of {model} cost more than was reserved for them: up to {TokensPerByte:0.##} tokens for a byte, "
        + $"{ExtraTokens:N0} tokens beside the prompt's, {OutputShare:0.##} times max_tokens; as much is reserved from now on");

    public static async Task<Overrun> ReadAsync(Reading reading, string model, CancellationToken cancellationToken) =>
        await FactStore.FindAsync(reading, Prefix + model, cancellationToken) is { } fact ? Parse(fact) : None;

    public Task WriteAsync(Writing writing, string model, CancellationToken cancellationToken) =>
        FactStore.SetAsync(
            writing, Prefix + model,
            string.Create(CultureInfo.InvariantCulture, $"{TokensPerByte:R} {ExtraTokens} {OutputShare:R} {Calls}"), cancellationToken);

    /// <summary>A line for each model.</summary>
    public static async Task<List<string>> DescribeAllAsync(Reading reading, CancellationToken cancellationToken) =>
        (await FactStore.ListAsync(reading, Prefix, cancellationToken))
            .Select(fact => Parse(fact.Value).Describe(fact.Name[Prefix.Length..]))
            .ToList();

    private static Overrun Parse(string fact)
    {
        var parts = fact.Split(' ');
        return new Overrun(
            double.Parse(parts[0], CultureInfo.InvariantCulture),
            long.Parse(parts[1], CultureInfo.InvariantCulture),
            double.Parse(parts[2], CultureInfo.InvariantCulture),
            long.Parse(parts[3], CultureInfo.InvariantCulture));
    }
}
