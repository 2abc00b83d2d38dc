using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>At night pages make no noise, in the morning what is still open does; and once a day there is a digest. The clock of these
/// tests begins at nine, in UTC.</summary>
public sealed class QuietHoursTests : PhoneTests
{
    private const string Night = "quiet_hours: {from: \"22:00\", to: \"07:00\", zone: UTC";

    [Fact]
    public async Task At_night_a_page_is_silent_and_in_the_morning_it_is_loud()
    {
        await Relay.ConfigureAsync(Night + "}\n");
        Relay.Clock.Advance(TimeSpan.FromHours(14)); // 23:00
        await EscalateAsync();
        var silent = await FollowAsync();
        Assert.Equal(2, silent.Priority);
        Relay.Clock.Advance(TimeSpan.FromHours(4));
        Assert.Equal(silent.Id, (await FollowAsync()).Id);

        await Relay.RestartAsync();
        Relay.Clock.Advance(TimeSpan.FromHours(5)); // 08:00
        var loud = await FollowAsync();

        Assert.Equal((5, silent.SequenceId), (loud.Priority, loud.SequenceId));
        Assert.Equal(loud.Id, (await FollowAsync()).Id);
    }

    [Fact]
    public async Task What_is_urgent_is_loud_at_night()
    {
        await Relay.ConfigureAsync(Night + ", urgent: 5}\n");
        Relay.Clock.Advance(TimeSpan.FromHours(14));
        await EscalateAsync();
        Assert.Equal(5, (await FollowAsync()).Priority);
        await AskPermissionAsync();
        await Relay.RunAsync<Pager>();

        Assert.Equal(2, Ntfy.Pages[^1].Priority);
    }

    [Fact]
    public async Task The_digest_goes_out_once_a_day_over_restarts()
    {
        await Relay.ConfigureAsync("digest: \"10:00\"\n");
        await EscalateAsync();
        await FollowAsync();
        Assert.Empty(Digests());
        Relay.Clock.Advance(TimeSpan.FromHours(1));
        for (var run = 0; run < 3; run++)
        {
            await FollowAsync();
            await Relay.RestartAsync();
        }
        Assert.Contains("#1 of session-1, open for 1h", Assert.Single(Digests()).Message, StringComparison.Ordinal);

        Relay.Clock.Advance(TimeSpan.FromDays(1));
        await FollowAsync();

        Assert.Equal(2, Digests().Count);
    }

    private List<Page> Digests() => [.. Ntfy.Pages.Where(page => page.Title.StartsWith("Relay: 1 open", StringComparison.Ordinal))];

    private async Task<Page> FollowAsync()
    {
        await Relay.RunAsync<Digest>();
        await Relay.RunAsync<Following>();
        await Relay.RunAsync<Pager>();
        return Ntfy.Pages.Last(page => page.SequenceId == Ntfy.Pages[0].SequenceId);
    }
}
