using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>A list of questions that was told anew without noise is as urgent as before.</summary>
public sealed class BurstLoudnessTests : PhoneTests
{
    private const string Night = "quiet_hours: {from: \"22:00\", to: \"07:00\", zone: UTC, urgent: 5}\n";

    private protected override string Config => Conversations;

    private static string Conversations => "sessions: ["
        + string.Join(", ", Enumerable.Range(1, 12).Select(number => $"{{session_id: session-{number}, conversation: c{number}}}")) + "]\n";

    [Fact]
    public async Task What_is_urgent_is_asked_again_at_night_though_the_list_was_told_anew_silently()
    {
        await Relay.ConfigureAsync(Conversations + Night);
        Relay.Clock.Advance(TimeSpan.FromHours(14)); // 23:00
        for (var number = 1; number <= 5; number++)
            await EscalateAsync($"[NEEDS-JC] {number}?", $"session-{number}");
        await FollowAsync();
        await Relay.AnswerAsync("no", 2);
        Assert.Equal(2, (await FollowAsync()).Priority);

        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        var again = await FollowAsync();

        Assert.Equal(("[NEEDS-JC] 4 questions wait for you, for 31m", 5), (again.Title, again.Priority));
    }

    [Fact]
    public async Task Permissions_alone_are_not_more_urgent_the_second_time()
    {
        await Relay.ConfigureAsync(Conversations + Night);
        Relay.Clock.Advance(TimeSpan.FromHours(14));
        for (var number = 1; number <= 5; number++)
            await AskPermissionAsync($"make {number}", $"session-{number}");
        await FollowAsync();
        await Relay.AnswerAsync("deny", 2);
        await FollowAsync();

        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await FollowAsync();

        Assert.All(Ntfy.Pages, page => Assert.Equal(2, page.Priority));
    }

    [Fact]
    public async Task A_list_that_grew_before_anybody_saw_it_is_loud_and_goes_by_the_second_way()
    {
        await using var other = await LoopbackNtfy.StartAsync();
        await Relay.ConfigureAsync($"{Conversations}second_ways: [{{ntfy: \"{other.Address}second-topic\"}}]\n");
        Ntfy.Always(NtfyFault.Status(503));
        for (var number = 1; number <= 6; number++)
        {
            await AskPermissionAsync($"make {number}", $"session-{number}");
            await Relay.RunAsync<Pager>();
            Relay.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        for (var each = 0; each < 40; each++)
        {
            await Relay.RunAsync<Pager>();
            await Relay.RunAsync<SecondPager>();
            Relay.Clock.Advance(TimeSpan.FromSeconds(5));
        }
        Assert.Contains(other.Pages, page => page.Title.EndsWith("questions wait for you", StringComparison.Ordinal));

        Ntfy.Always(null);
        Relay.Clock.Advance(TimeSpan.FromMinutes(11));
        await Relay.RunAsync<Pager>();

        Assert.Equal(4, Ntfy.Pages.Last(page => page.Title.EndsWith("questions wait for you", StringComparison.Ordinal)).Priority);
    }

    [Fact]
    public async Task Where_all_are_put_off_none_is_said_to_be_settled()
    {
        for (var number = 1; number <= 5; number++)
            await EscalateAsync($"[NEEDS-JC] {number}?", $"session-{number}");
        await FollowAsync();
        for (var number = 1; number <= 5; number++)
            Ntfy.Say(AnswerTopicName, $"#{number} later 2h");
        await ListenAsync();
        await FollowAsync();

        Assert.DoesNotContain(Ntfy.Showing, page => (page.Title + page.Message).Contains("settled", StringComparison.Ordinal));
        Assert.Equal(5, (await Relay.OpenQuestionsAsync()).Count);
    }

    private async Task<Page> FollowAsync()
    {
        await Relay.RunAsync<Following>();
        await PageAsync();
        return Ntfy.Pages[^1];
    }
}
