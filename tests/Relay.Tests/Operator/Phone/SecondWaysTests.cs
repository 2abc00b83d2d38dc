using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Relay.Turns;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>What nobody answers, or the first way does not bring, goes by another way.</summary>
public sealed class SecondWaysTests : PhoneTests
{
    [Fact]
    public async Task Unanswered_after_the_reminder_it_goes_to_the_other_topic_and_its_receipt_too_over_restarts()
    {
        await using var other = await LoopbackNtfy.StartAsync();
        await Relay.ConfigureAsync($"second_ways: [{{ntfy: \"{other.Address}second-topic\"}}]\n");
        await EscalateAsync();
        await FollowAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await FollowAsync();
        Assert.Empty(other.Pages);

        await Relay.RestartAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await FollowAsync();
        await FollowAsync();
        var page = Assert.Single(other.Pages);
        Assert.Equal(("second-topic", (string?)null), (page.Topic, page.Authorization));
        Assert.Empty(Labels(page));

        await Relay.RestartAsync();
        await Relay.AnswerAsync("wait");
        await FollowAsync();

        Assert.Equal(("answered: wait, by the test", page.SequenceId), (other.Pages[^1].Message, other.Pages[^1].SequenceId));
    }

    [Fact]
    public async Task With_the_daily_quota_used_up_the_second_way_is_used_at_once()
    {
        await using var other = await LoopbackNtfy.StartAsync();
        await Relay.ConfigureAsync($"second_ways: [{{ntfy: \"{other.Address}second-topic\"}}]\n");
        Ntfy.Always(NtfyFault.DailyQuota());
        await EscalateAsync();
        await FollowAsync();

        Assert.Contains("[NEEDS-JC]", Assert.Single(other.Pages).Title, StringComparison.Ordinal);
        Assert.True((await HealthAsync()).Healthy); // It reached the operator.
        Relay.Clock.Advance(TimeSpan.FromMinutes(11));
        await FollowAsync();
        Assert.Single(other.Pages);
    }

    [Fact]
    public async Task A_page_that_failed_on_every_way_is_shown()
    {
        await Relay.ConfigureAsync("second_ways: [{webhook: \"http://127.0.0.1:9/\"}]\n");
        Ntfy.Always(NtfyFault.DailyQuota());
        await EscalateAsync();
        await FollowAsync();

        var health = await HealthAsync();
        Assert.False(health.Healthy);
        Assert.Contains("paging", health.Stages);
        Assert.Equal(1, (await Relay.StatusAsync()).PagesUnsent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_failed_does_not_wait_for_the_clock_to_come_round_again(bool restarted)
    {
        await using var hook = await LoopbackNtfy.StartAsync();
        hook.Enqueue(NtfyFault.Status(500));
        await Relay.ConfigureAsync($"second_ways: [{{webhook: \"{hook.Address}hook\"}}]\n");
        Ntfy.Always(NtfyFault.DailyQuota());
        await EscalateAsync();
        await FollowAsync();
        Assert.Single(hook.Attempts);

        Relay.Clock.Set(TimeSpan.FromHours(-2));
        if (restarted)
            await Relay.RestartAsync();
        else
            await Relay.RunAsync<ClockWatch>();
        Relay.Clock.Advance(TimeSpan.FromSeconds(30));
        await FollowAsync();

        Assert.Equal(2, hook.Attempts.Count);
    }

    [Fact]
    public async Task A_webhook_gets_the_page_as_JSON_and_the_settings_hold_there_too()
    {
        await using var hook = await LoopbackNtfy.StartAsync();
        await Relay.ConfigureAsync($"second_ways: [{{webhook: \"{hook.Address}hook\"}}]\npage_content: title\n");
        Ntfy.Always(NtfyFault.DailyQuota());
        await EscalateAsync("[NEEDS-JC] The SECRET plan?");
        await FollowAsync();

        var json = Assert.Single(hook.Attempts);
        Assert.Contains("\"question\":1", json, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", json, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mail_says_what_the_page_says()
    {
        await using var server = new SmtpServer();
        await Relay.ConfigureAsync(
            $"second_ways: [{{mail: jc@example.org, from: relay@example.org, smtp: \"smtp://127.0.0.1:{server.Port}\"}}]\n");
        Ntfy.Always(NtfyFault.DailyQuota());
        await EscalateAsync("[NEEDS-JC] Merge or wait?");
        await FollowAsync();

        Assert.Contains("To: jc@example.org", server.Said, StringComparison.Ordinal);
        Assert.Contains("[NEEDS-JC]", server.Said, StringComparison.Ordinal);
        Assert.Contains("Merge or wait?", server.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_password_goes_to_a_mail_server_that_does_not_encrypt()
    {
        await using var server = new SmtpServer();
        await Relay.ConfigureAsync(
            $"second_ways: [{{mail: jc@example.org, from: relay@example.org, smtp: \"smtp://jc@127.0.0.1:{server.Port}\"}}]\n");
        Ntfy.Always(NtfyFault.DailyQuota());
        await EscalateAsync();
        await FollowAsync();

        Assert.DoesNotContain("AUTH", server.Said, StringComparison.Ordinal);
        Assert.DoesNotContain("DATA", server.Said, StringComparison.Ordinal);
        Assert.False((await HealthAsync()).Healthy);
    }

    private Task<Health.Report> HealthAsync() => Relay.Get<Health>().ReadAsync(CancellationToken);

    private async Task FollowAsync()
    {
        await Relay.RunAsync<Following>();
        await Relay.RunAsync<Pager>();
        await Relay.RunAsync<SecondPager>();
    }
}
