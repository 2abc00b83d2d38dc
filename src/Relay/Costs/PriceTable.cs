using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Files;

namespace Relay.Costs;

/// <summary>US dollars per million tokens.</summary>
internal sealed record Rates(decimal Input, decimal Output, decimal CacheWrite5m, decimal CacheWrite1h, decimal CacheRead)
{
    private static readonly ConcurrentDictionary<Rates, string> Written = new();

    /// <summary>As the ledger keeps them with a call. There are few, and each call has them.</summary>
    public string ToJson() => Written.GetOrAdd(this, rates => JsonSerializer.Serialize(rates));

    public bool AreSane => Input >= 0 && Output >= 0 && CacheWrite5m >= 0 && CacheWrite1h >= 0 && CacheRead >= 0;

    /// <summary>In nano-dollars: 1 USD per million tokens is 1,000 of them per token.</summary>
    public long CostOf(TokenUsage usage) => (long)(1000 * (
        usage.Input * Input
        + usage.Output * Output
        + usage.CacheWrite5m * CacheWrite5m
        + usage.CacheWrite1h * CacheWrite1h
        + usage.CacheRead * CacheRead));
}

/// <summary>A model's price from a day on; some models charge every token of a long prompt at other rates.</summary>
internal sealed record Price(
    string Model,
    DateOnly EffectiveFrom,
    Rates Rates,
    int? MinCacheTokens = null,
    int? LongPromptOver = null,
    Rates? LongPrompt = null,
    string? Source = null,
    DateOnly? Checked = null)
{
    /// <summary>From its day on it is this price; what was charged before stays known.</summary>
    public bool Replaces(Price shipped) => shipped.Model == Model && shipped.EffectiveFrom >= EffectiveFrom;

    public Rates RatesFor(long inputTokens) => LongPrompt is not null && inputTokens > LongPromptOver ? LongPrompt : Rates;
}

/// <summary>Prices by exact model id, with a date suffix tolerated. A model that is not listed has no price:
/// its cost is unknown, never 0.</summary>
internal sealed partial class PriceTable
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };

    private const int LargestFile = 1 << 20;

    private readonly List<Price> _prices;

    private PriceTable(IEnumerable<Price> prices) => _prices = prices.OrderByDescending(price => price.EffectiveFrom).ToList();

    /// <summary>The shipped table; rows of the file, where there is one, replace those of their model that are not older.</summary>
    /// <exception cref="InvalidDataException">The file is no price table; the message says where.</exception>
    public static PriceTable Load(string overrideFile)
    {
        using var shipped = Assembly.GetExecutingAssembly().GetManifestResourceStream("prices.json")!;
        var prices = JsonSerializer.Deserialize<List<Price>>(shipped, Json)!;
        var file = BoundedFile.ReadOwn(overrideFile, LargestFile);
        if (file is FileContent.Unreadable unreadable)
            throw new InvalidDataException($"{overrideFile}: {unreadable.Reason}");
        if (file.Found is not { } bytes)
            return new PriceTable(prices);
        try
        {
            var own = JsonSerializer.Deserialize<List<Price>>(bytes, Json) ?? [];
            if (own.Exists(price => price is not { Rates.AreSane: true, LongPrompt: null or { AreSane: true } }))
                throw new InvalidDataException($"{overrideFile}: a row is null or has a rate below 0");
            return new PriceTable(own.Concat(prices.Where(price => !own.Exists(mine => mine.Replaces(price)))));
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"{overrideFile}: {exception.Message}", exception);
        }
    }

    /// <summary>Null when the model has no known price on that day.</summary>
    public Price? Find(string model, DateTimeOffset at)
    {
        var day = DateOnly.FromDateTime(at.UtcDateTime);
        var undated = DateSuffix().Replace(model, "");
        return _prices.Find(price => price.Model == model && price.EffectiveFrom <= day)
            ?? _prices.Find(price => price.Model == undated && price.EffectiveFrom <= day);
    }

    [GeneratedRegex(@"-\d{8}\z")]
    private static partial Regex DateSuffix();
}
