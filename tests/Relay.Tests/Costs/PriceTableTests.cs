using Relay.Costs;
using Xunit;

namespace Relay.Tests.Costs;

public sealed class PriceTableTests : IDisposable
{
    private const string Rates = """{"input": 1, "output": 2, "cache_write5m": 3, "cache_write1h": 4, "cache_read": 5}""";
    private const string NegativeRates = """{"input": -1, "output": 2, "cache_write5m": 3, "cache_write1h": 4, "cache_read": 5}""";
    private static readonly DateTimeOffset Today = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private readonly string _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("claude-opus-5-5", 4, 20, 5, 8, 0.20)]
    [InlineData("claude-sonnet-5-5", 2, 10, 2.5, 4, 0.10)]
    [InlineData("claude-fable-5-2", 8, 40, 10, 16, 0.20)]
    [InlineData("claude-fable-5-1", 10, 50, 12.5, 20, 0.25)]
    [InlineData("claude-opus-4-8", 5, 25, 6.25, 10, 0.50)]
    [InlineData("claude-sonnet-4-5", 3, 15, 3.75, 6, 0.30)]
    [InlineData("claude-haiku-4-5", 1, 5, 1.25, 2, 0.10)]
    public void The_shipped_rates_are_those_of_the_price_list(
        string model, double input, double output, double write5m, double write1h, double read) =>
        Assert.Equal(
            new Rates((decimal)input, (decimal)output, (decimal)write5m, (decimal)write1h, (decimal)read),
            Shipped().Find(model, Today)!.RatesFor(1_000));

    [Fact]
    public void A_date_suffix_is_the_same_model()
    {
        Assert.Equal("claude-haiku-4-5", Shipped().Find("claude-haiku-4-5-20251001", Today)?.Model);
        Assert.Equal("claude-opus-5-5", Shipped().Find("claude-opus-5-5-20260901", Today)?.Model);
    }

    [Theory]
    [InlineData("claude-opus-5-5-fast")]
    [InlineData("claude-opus-5-5-2026")]
    [InlineData("claude-sonnet-5-6")]
    [InlineData("claude-opus")]
    [InlineData("Claude-Opus-5-5")]
    [InlineData("")]
    public void A_name_that_is_only_like_one_has_no_price(string model) => Assert.Null(Shipped().Find(model, Today));

    [Fact]
    public void A_price_holds_from_its_day_on()
    {
        var from = new DateTimeOffset(2026, 10, 7, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal(0.20m, Shipped().Find("claude-sonnet-5-5", from.AddSeconds(-1))!.Rates.CacheRead);
        Assert.Equal(0.10m, Shipped().Find("claude-sonnet-5-5", from)!.Rates.CacheRead);
    }

    [Fact]
    public void A_long_prompt_of_haiku_costs_the_higher_rate_on_every_token()
    {
        var haiku = Shipped().Find("claude-haiku-5-5", Today)!;

        Assert.Equal(0.10m, haiku.RatesFor(100_000).Input);
        Assert.Equal(new Rates(0.50m, 2.50m, 0.625m, 1.00m, 0.05m), haiku.RatesFor(100_001));
    }

    [Fact]
    public void Cost_is_exact_to_the_nano_dollar()
    {
        // 1,234 × 4 + 567 × 20 + 8,901 × 5 + 2,345 × 8 + 67,890 × 0.2 = 93,119 micro-dollars.
        var opus = Shipped().Find("claude-opus-5-5", Today)!.Rates;

        Assert.Equal(93_119_000, opus.CostOf(new TokenUsage(1_234, 567, 8_901, 2_345, 67_890)));
        Assert.Equal(0, opus.CostOf(TokenUsage.None));
        Assert.Equal(10, Shipped().Find("claude-haiku-5-5", Today)!.Rates.CostOf(new TokenUsage(0, 0, 0, 0, 1)));
    }

    [Fact]
    public void Rows_of_ones_own_go_before_the_shipped_ones_of_the_same_model()
    {
        File.WriteAllText(
            _file,
            """
            [
              {
                "model": "claude-opus-5-5", "effective_from": "2026-01-01",
                "rates": {"input": 1, "output": 2, "cache_write5m": 3, "cache_write1h": 4, "cache_read": 5}
              },
              {
                "model": "claude-haiku-4-5-20251001", "effective_from": "2020-01-01",
                "rates": {"input": 6, "output": 7, "cache_write5m": 8, "cache_write1h": 9, "cache_read": 10}
              },
              {
                "model": "a-model-of-ones-own", "effective_from": "2026-01-01",
                "rates": {"input": 1, "output": 2, "cache_write5m": 3, "cache_write1h": 4, "cache_read": 5}
              }
            ]
            """);

        var prices = PriceTable.Load(_file);

        Assert.Equal(1, prices.Find("claude-opus-5-5", Today)!.Rates.Input);
        Assert.Equal(4, prices.Find("claude-opus-5-5", new DateTimeOffset(2025, 12, 31, 0, 0, 0, TimeSpan.Zero))!.Rates.Input);
        Assert.Equal(6, prices.Find("claude-haiku-4-5-20251001", Today)!.Rates.Input);
        Assert.Equal(1, prices.Find("claude-haiku-4-5", Today)!.Rates.Input);
        Assert.NotNull(prices.Find("a-model-of-ones-own", Today));
        Assert.Equal(2, prices.Find("claude-sonnet-5-5", Today)!.Rates.Input);
    }

    [Fact]
    public void A_row_of_ones_own_for_a_day_to_come_leaves_todays_price_as_it_is()
    {
        var tomorrow = Today.AddDays(1);
        File.WriteAllText(
            _file, $$"""[{"model": "claude-opus-5-5", "effective_from": "{{tomorrow:yyyy-MM-dd}}", "rates": {{Rates}}}]""");

        var prices = PriceTable.Load(_file);

        Assert.Equal(4, prices.Find("claude-opus-5-5", Today)!.Rates.Input);
        Assert.Equal(1, prices.Find("claude-opus-5-5", tomorrow)!.Rates.Input);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""["claude"]""")]
    [InlineData("[null]")]
    [InlineData("""[{"model": "m", "effective_from": "2026-01-01"}]""")]
    [InlineData("""[{"effective_from": "2026-01-01", "rates": """ + Rates + "}]")]
    [InlineData("""[{"model": "m", "effective_from": "2026-01-01", "rates": {"input": 1}}]""")]
    [InlineData("""[{"model": "m", "effective_from": "2026-01-01", "rates": null}]""")]
    [InlineData("""[{"model": "m", "effective_from": "yesterday", "rates": """ + Rates + "}]")]
    [InlineData("""[{"model": "m", "effective_from": "2026-01-01", "rates": """ + NegativeRates + "}]")]
    public void A_faulty_file_is_refused_with_its_name(string content)
    {
        File.WriteAllText(_file, content);

        Assert.Contains(_file, Assert.Throws<InvalidDataException>(() => PriceTable.Load(_file)).Message, StringComparison.Ordinal);
    }

    private PriceTable Shipped() => PriceTable.Load(_file);
}
