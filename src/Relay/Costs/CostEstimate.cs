using System.Collections.Concurrent;
using Relay.Configuration;
using Relay.Storage;

namespace Relay.Costs;

/// <summary>What a call's cost goes by.</summary>
internal sealed record PlannedCall(string Model, long PromptBytes, int MaxTokens, CacheTtl CacheTtl)
{
    /// <summary>Each is a few tokens more than its bytes.</summary>
    public int Blocks { get; init; }

    /// <summary>What the API counted of the prompt; null where it was not asked.</summary>
    public long? CountedTokens { get; init; }

    /// <summary>The operator has said so: it is made, whatever the caps are.</summary>
    public bool HasLeave { get; init; }
}

/// <summary>What a call costs at worst, by bounds that hold for any text, and what it likely costs.</summary>
internal sealed class CostEstimate(PriceTable prices)
{
    /// <summary>Tokens per byte, where nothing was measured.</summary>
    private const double Typical = 0.35;

    /// <summary>The API calls its own count an estimate.</summary>
    private const double OnCounted = 1.05;

    private const int TokensPerBlock = 10, TokensPerCall = 100, OutputsLookedAt = 10;

    private readonly ConcurrentDictionary<string, Overrun> _overruns = new();

    /// <summary>Everything written to the cache and the longest reply; null where the model has no price. A token is at least one byte. A
    /// model that took more is reserved for by what it was seen to take, and its counts are not believed.</summary>
    public async Task<long?> WorstAsync(Reading reading, PlannedCall call, CancellationToken cancellationToken) =>
        Worst(call, await OverrunAsync(reading, call.Model, cancellationToken), reading.Now);

    /// <param name="call">The call.</param>
    /// <param name="seen">The most that its model was seen to take.</param>
    /// <param name="now">Prices change.</param>
    public long? Worst(PlannedCall call, Overrun seen, DateTimeOffset now)
    {
        var bytes = call.PromptBytes * seen.TokensPerByte;
        var tokens = call.CountedTokens is { } counted && seen.Calls == 0 ? Math.Min(bytes, counted * OnCounted) : bytes;
        var input = (long)Math.Ceiling(tokens) + seen.ExtraTokens + TokensPerBlock * call.Blocks + TokensPerCall;
        var output = (long)Math.Ceiling(call.MaxTokens * seen.OutputShare);
        return prices.Find(call.Model, now)?.RatesFor(input).CostOf(Written(call.CacheTtl, input, output, read: 0));
    }

    /// <summary>By what the conversation's calls took until now; 0 where the model has no price.</summary>
    public long Likely(PlannedCall call, IReadOnlyList<PastCall> past, DateTimeOffset now)
    {
        var measured = past.FirstOrDefault(each => each is { PromptBytes: > 0, InputTokens: > 0 });
        var perByte = measured is null ? Typical : (double)measured.InputTokens / measured.PromptBytes;
        var input = (long)Math.Ceiling(call.PromptBytes * perByte);
        var outputs = past.Select(each => each.OutputTokens).Where(tokens => tokens > 0).Take(OutputsLookedAt).ToList();
        var output = Math.Min(call.MaxTokens, outputs.Count > 0 ? (long)Math.Ceiling(outputs.Average()) : call.MaxTokens / 8);
        var read = past.Count > 0 && now - past[0].StartedAt < Lifetime(call.CacheTtl) ? Math.Min(past[0].InputTokens, input) : 0;
        return prices.Find(call.Model, now)?.RatesFor(input).CostOf(Written(call.CacheTtl, input - read, output, read)) ?? 0;
    }

    /// <summary>Remembers what a call took that cost more than was reserved for it.</summary>
    public async Task<Overrun> SeeAsync(Writing writing, StartedCall call, TokenUsage usage, CancellationToken cancellationToken)
    {
        var seen = (await OverrunAsync(writing, call.Model, cancellationToken)).With(call, usage);
        await seen.WriteAsync(writing, call.Model, cancellationToken);
        writing.OnceCommitted(() => _overruns[call.Model] = seen);
        return seen;
    }

    private async Task<Overrun> OverrunAsync(Reading reading, string model, CancellationToken cancellationToken)
    {
        if (_overruns.TryGetValue(model, out var known))
            return known;
        return _overruns[model] = await Overrun.ReadAsync(reading, model, cancellationToken);
    }

    private static TimeSpan Lifetime(CacheTtl ttl) => ttl switch
    {
        CacheTtl.OneHour => TimeSpan.FromHours(1),
        CacheTtl.FiveMinutes => TimeSpan.FromMinutes(5),
        _ => TimeSpan.Zero,
    };

    private static TokenUsage Written(CacheTtl ttl, long input, long output, long read) => ttl switch
    {
        CacheTtl.OneHour => new TokenUsage(0, output, 0, input, read),
        CacheTtl.FiveMinutes => new TokenUsage(0, output, input, 0, read),
        _ => new TokenUsage(input, output, 0, 0, read),
    };
}
