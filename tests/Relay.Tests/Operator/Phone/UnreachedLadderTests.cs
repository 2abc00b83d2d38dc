using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>While ntfy is away nothing that is paged again and again keeps the second ways from it.</summary>
public sealed class UnreachedLadderTests : PhoneTests
{
    private const string Night = "quiet_hours: {from: \"22:00\", to: \"07:00\", zone: UTC}\n";

    [Theory]
    [InlineData(Night, 14, 9)] // Silent at 23:00, to be loud at 08:00.
    [InlineData("", 0, 13)] // After 12 hours the server has forgotten it.
    public async Task What_is_to_be_paged_again_goes_by_the_second_way_when_ntfy_stays_away(string config, int asked, int again)
    {
        await using var other = await LoopbackNtfy.StartAsync();
        await Relay.ConfigureAsync($"{config}remind_after: 20h\nsecond_ways: [{{ntfy: \"{other.Address}second-topic\"}}]\n");
        Relay.Clock.Advance(TimeSpan.FromHours(asked));
        await EscalateAsync();
        await FollowAsync();
        Ntfy.Always(NtfyFault.Status(503));
        Relay.Clock.Advance(TimeSpan.FromHours(again));
        for (var each = 0; each < 40; each++)
        {
            await FollowAsync();
            Relay.Clock.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Contains("[NEEDS-JC]", Assert.Single(other.Pages).Title, StringComparison.Ordinal);
        Assert.InRange(Ntfy.Attempts.Count, 3, 15);
    }

    private async Task FollowAsync()
    {
        await Relay.RunAsync<Following>();
        await Relay.RunAsync<Pager>();
        await Relay.RunAsync<SecondPager>();
    }
}
