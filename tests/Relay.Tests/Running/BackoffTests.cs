using Relay.Running;
using Xunit;

namespace Relay.Tests.Running;

public sealed class BackoffTests
{
    private static readonly Backoff Backoff = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromMinutes(5));

    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(8, 64)]
    [InlineData(10, 256)]
    [InlineData(11, 300)]
    [InlineData(1_000_000, 300)]
    [InlineData(int.MaxValue, 300)]
    public void The_delay_doubles_up_to_five_minutes(int attempt, double seconds) =>
        Assert.Equal(seconds, Backoff.Delay(attempt, retryAfter: null, random: 0.5).TotalSeconds, precision: 6);

    [Theory]
    [InlineData(0, 7.5)]
    [InlineData(0.999999, 12.5)]
    public void Jitter_spreads_it_by_a_quarter_either_way(double random, double third) =>
        Assert.Equal(third, Backoff.Delay(5, retryAfter: null, random).TotalSeconds * 10 / 8, precision: 3);

    [Theory]
    [InlineData(31, 31)]
    [InlineData(900, 900)]
    [InlineData(86_400, 900)]
    public void What_the_server_asks_for_is_kept_to_up_to_a_quarter_of_an_hour(int asked, int seconds)
    {
        var least = Backoff.Delay(12, TimeSpan.FromSeconds(asked), random: 0).TotalSeconds;
        var most = Backoff.Delay(12, TimeSpan.FromSeconds(asked), random: 0.999).TotalSeconds;

        Assert.Equal(seconds, least);
        Assert.InRange(most, seconds, seconds + 0.25);
    }

    [Fact]
    public void A_server_that_always_says_at_once_is_not_asked_in_a_hot_loop()
    {
        Assert.Equal(0.5, Backoff.Delay(1, TimeSpan.Zero, random: 0.5).TotalSeconds);
        Assert.Equal(30, Backoff.Delay(100, TimeSpan.FromSeconds(-5), random: 0.5).TotalSeconds);
    }
}
