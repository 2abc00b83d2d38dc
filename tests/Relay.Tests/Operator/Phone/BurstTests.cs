using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>Many questions at once are one page, each can be answered, and what comes later comes alone again.</summary>
public sealed class BurstTests : PhoneTests
{
    private protected override string Config => "public_url: https://relay.example.org\n" + Conversations;

    /// <summary>Each session has one of its own, so all of them can wait at once.</summary>
    private static string Conversations => "sessions: ["
        + string.Join(", ", Enumerable.Range(1, 12).Select(number => $"{{session_id: session-{number}, conversation: c{number}}}")) + "]\n";

    [Fact]
    public async Task Twelve_at_once_are_one_page_with_their_number_and_each_of_them()
    {
        await AskManyAsync(12);
        var page = await PageAsync();

        Assert.Single(Asked());
        Assert.Equal("[NEEDS-JC] 12 questions wait for you", page.Title);
        Assert.All(Enumerable.Range(1, 12), number => Assert.Contains($"#{number} session-{number}: make {number}", page.Message,
            StringComparison.Ordinal));
        Assert.Equal((4, "https://relay.example.org/"), (page.Priority, page.Click));
        Assert.Equal(["Open"], Labels(page));
    }

    [Fact]
    public async Task Each_is_answered_by_its_number_over_a_restart_and_the_page_follows_without_noise()
    {
        await AskAdvisorsAsync(5);
        var page = await PageAsync();
        Ntfy.Say(AnswerTopicName, "#2 no");
        await ListenAsync();
        await Relay.RestartAsync();
        Ntfy.Say(AnswerTopicName, "#4 no");
        await ListenAsync();
        var fewer = await FollowAsync();
        Assert.Equal(("[NEEDS-JC] 3 questions wait for you", page.SequenceId, 2), (fewer.Title, fewer.SequenceId, fewer.Priority));
        Assert.DoesNotContain("#2 ", fewer.Message, StringComparison.Ordinal);

        foreach (var number in (int[])[1, 3, 5])
            await Relay.AnswerAsync("no", number);
        var settled = await FollowAsync();

        Assert.Equal(("all 5 are settled", page.SequenceId), (settled.Message, settled.SequenceId));
        Assert.Single(Ntfy.Pages.Where(each => each.Topic != AnswerTopicName).Select(each => each.SequenceId).Distinct());
        Assert.Equal(settled.Id, (await FollowAsync()).Id);
    }

    [Fact]
    public async Task A_short_permission_is_allowed_from_the_list_by_its_digest_and_a_long_one_is_not()
    {
        await AskPermissionAsync(new string('x', 500), "session-9");
        await AskManyAsync(4);
        var page = await PageAsync();
        var allow = page.Message.Split("allow: ")[1].Split('\n')[0];
        Assert.StartsWith("#2 allow ", allow, StringComparison.Ordinal);
        Assert.DoesNotContain("#1 allow", page.Message, StringComparison.Ordinal);

        Ntfy.Say(AnswerTopicName, "#1 allow"); // Of what a line showed a part of.
        Ntfy.Say(AnswerTopicName, "#3 allow"); // Of what was shown among others: by its digest only.
        Ntfy.Say(AnswerTopicName, allow);
        await ListenAsync();

        Assert.Equal([1, 3, 4, 5], (await Relay.OpenQuestionsAsync()).Select(question => question.Id));
        Assert.Equal(2, (await RefusalsAsync()).Count(said => said.Contains("in one line, with others", StringComparison.Ordinal)));
    }

    /// <summary>As a blank it would make a comment of the second command.</summary>
    [Fact]
    public async Task Where_a_command_ends_and_the_next_begins_is_seen_in_the_list()
    {
        await AskPermissionAsync("make # \nrm -rf ~", "session-9");
        await AskPermissionAsync("make # ⏎ all", "session-10");
        await AskManyAsync(4);
        var page = await PageAsync();

        Assert.Matches(@"#1 session-9: make #  ⏎ rm -rf ~\n   allow: #1 allow [0-9a-f]+\n", page.Message);
        Assert.DoesNotContain("#2 allow", page.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_come_alone_then_they_come_together_and_a_minute_later_alone_again()
    {
        for (var number = 1; number <= 6; number++)
        {
            await AskPermissionAsync($"make {number}");
            await PageAsync();
            Relay.Clock.Advance(TimeSpan.FromSeconds(5));
        }
        Assert.Equal([1, 1, 1, 3], Ntfy.Pages.GroupBy(page => page.SequenceId).Select(pages => pages.Count()));
        Assert.Equal("[NEEDS-JC] 3 questions wait for you", Ntfy.Pages[^1].Title);
        Assert.Equal([4, 2, 2], Ntfy.Pages.TakeLast(3).Select(page => page.Priority)); // Within seconds of the first it makes no noise.

        Relay.Clock.Advance(TimeSpan.FromSeconds(61));
        await AskPermissionAsync("make 7");
        var alone = await PageAsync();

        Assert.EndsWith("may it use Bash? (#7)", alone.Title, StringComparison.Ordinal);
        Assert.Equal(["Allow", "Deny", "Open"], Labels(alone));
    }

    [Fact]
    public async Task Questions_that_are_answered_one_after_the_other_are_no_burst()
    {
        for (var number = 1; number <= 6; number++)
        {
            await AskPermissionAsync($"make {number}");
            Assert.Equal(["Allow", "Deny", "Open"], Labels(await PageAsync()));
            await Relay.AnswerAsync("deny", number);
        }
    }

    [Fact]
    public async Task Unanswered_the_page_of_many_climbs_the_ladder_as_one()
    {
        await using var other = await LoopbackNtfy.StartAsync();
        await Relay.ConfigureAsync($"{Conversations}second_ways: [{{ntfy: \"{other.Address}second-topic\"}}]\n");
        await AskAdvisorsAsync(5);
        var first = await PageAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await Relay.RestartAsync();
        var louder = await FollowAsync();
        Assert.Equal(("[NEEDS-JC] 5 questions wait for you, for 31m", 5), (louder.Title, louder.Priority));
        Assert.Equal(first.SequenceId, louder.SequenceId);

        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await FollowAsync();
        await Relay.RunAsync<SecondPager>();
        Assert.Contains("5 questions", Assert.Single(other.Pages).Title, StringComparison.Ordinal);
        Relay.Clock.Advance(TimeSpan.FromHours(12));
        await FollowAsync();

        Assert.Equal(3, Ntfy.Pages.Count);
    }

    [Fact]
    public async Task On_the_second_ways_they_come_together_as_well()
    {
        await using var other = await LoopbackNtfy.StartAsync();
        await Relay.ConfigureAsync($"{Conversations}second_ways: [{{ntfy: \"{other.Address}second-topic\"}}]\n");
        Ntfy.Always(NtfyFault.DailyQuota());
        for (var number = 1; number <= 8; number++)
        {
            await AskPermissionAsync($"make {number}");
            await Relay.RunAsync<Pager>();
            await Relay.RunAsync<SecondPager>();
            Relay.Clock.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Equal(4, other.Pages.Count); // What comes within seconds of the list is told with it, not each by itself.
        Relay.Clock.Advance(TimeSpan.FromSeconds(15));
        await Relay.RunAsync<SecondPager>();

        Assert.Equal(5, other.Pages.Count);
        Assert.Equal(4, other.Pages.Select(page => page.SequenceId).Distinct().Count());
        Assert.Equal("[NEEDS-JC] 8 questions wait for you", other.Pages[^1].Title); // Those of the first that ntfy has not, too.
    }

    [Fact]
    public async Task One_that_is_put_off_leaves_the_list_and_comes_alone_at_its_time()
    {
        await AskAdvisorsAsync(5);
        await PageAsync();
        Ntfy.Say(AnswerTopicName, "#3 later 2h");
        await ListenAsync();
        await FollowAsync();
        Assert.Equal("[NEEDS-JC] 4 questions wait for you", Showing("questions wait").Title);
        Assert.Contains(", again at", Showing("(#3)").Title, StringComparison.Ordinal);
        Relay.Clock.Advance(TimeSpan.FromHours(2.1));
        await FollowAsync();

        Assert.Equal(5, Showing("(#3)").Priority);
    }

    [Fact]
    public async Task Reminded_of_all_at_once_each_keeps_the_page_it_had()
    {
        for (var number = 1; number <= 5; number++)
        {
            await EscalateAsync($"[NEEDS-JC] {number}?", $"session-{number}");
            await PageAsync();
            Relay.Clock.Advance(TimeSpan.FromSeconds(30));
        }
        Assert.Equal(5, Ntfy.Pages.Count);
        Relay.Clock.Advance(TimeSpan.FromHours(3)); // The machine slept.
        await FollowAsync();
        Assert.StartsWith("[NEEDS-JC] 5 questions", Ntfy.Pages[^1].Title, StringComparison.Ordinal);

        await Relay.AnswerAsync("no", 2);
        await FollowAsync();

        Assert.Equal("answered: no, by the test", Ntfy.Showing.First(page => page.SequenceId == Ntfy.Pages[1].SequenceId).Message);
    }

    private Page Showing(string title) => Ntfy.Showing.Single(page => page.Title.Contains(title, StringComparison.Ordinal));

    private List<Page> Asked() => [.. Ntfy.Pages.Where(page => page.Title.StartsWith("[NEEDS-JC]", StringComparison.Ordinal))];

    private async Task AskManyAsync(int count)
    {
        var first = (await Relay.OpenQuestionsAsync()).Count + 1;
        for (var number = first; number < first + count; number++)
            await AskPermissionAsync($"make {number}", $"session-{number}");
    }

    /// <summary>Of as many conversations.</summary>
    private async Task AskAdvisorsAsync(int count)
    {
        for (var number = 1; number <= count; number++)
            await EscalateAsync($"[NEEDS-JC] {number}?", $"session-{number}");
    }

    private async Task<Page> FollowAsync()
    {
        await Relay.RunAsync<Following>();
        await PageAsync();
        return Ntfy.Pages[^1];
    }
}
