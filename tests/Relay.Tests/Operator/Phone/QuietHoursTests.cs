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

    [Theory]
    [InlineData("6h", 5)]
    [InlineData("8h", 5)]
    [InlineData("9h", 2)]
    public async Task What_would_be_decided_in_the_night_or_as_it_ends_is_urgent(string by, int priority)
    {
        await Relay.ConfigureAsync(Night + "}\n");
        Relay.Clock.Advance(TimeSpan.FromHours(14)); // 23:00
        await EscalateAsync($"[NEEDS-JC by={by} default=a] Merge?\n- (a) Merge\n- (b) Wait");

        Assert.Equal(priority, (await FollowAsync()).Priority);
        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(priority == 5, (await FollowAsync()).Title.EndsWith(", for 31m", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_digest_says_how_much_the_operator_was_needed_and_what_it_cost()
    {
        await Relay.ConfigureAsync("digest: \"10:00\"\n");
        await EscalateAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(12));
        await Relay.AnswerAsync("wait");
        await Relay.TakeTurnsAsync();
        Relay.Advisor.Reply("Settled by [ruling 1].");
        await Relay.AcceptAsync("session-2", "and I?");
        await Relay.TakeTurnsAsync();
        Relay.Clock.Advance(TimeSpan.FromHours(1));
        await FollowAsync();

        var digest = Ntfy.Pages.Last(page => page.Title.StartsWith("Relay: 0 open", StringComparison.Ordinal)).Message;
        Assert.Contains(
            "blocked 12 minutes a question, 12 at most; settled by precedent 50 %; overturned of that 0 %.", digest,
            StringComparison.Ordinal);
        Assert.Matches(@"Spent today \(UTC\): \$[0-9]+\.[0-9]{2}", digest);
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
