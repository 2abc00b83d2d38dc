using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Tests.Operator.Phone;

/// <summary>The phone is faster than the server's answer: what a page is to say changes while the relay does not know yet that it was
/// taken. The newer words go out all the same.</summary>
public sealed class OnTheWayTests : PhoneTests
{
    [Fact]
    public async Task Put_off_while_it_is_sent_it_says_so_and_its_new_buttons_count()
    {
        await EscalateAsync();
        await SendingAsync(async () => await SayAsync("later"));

        var later = await PageAsync();
        Assert.Contains(", again at", later.Title, StringComparison.Ordinal);
        await Handset.TapAsync(later, "Later", CancellationToken);
        Assert.Equal(1, await ListenAsync());
        Assert.DoesNotContain(await Relay.PagesAsync(), page => page.Cause.StartsWith("refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Answered_while_it_is_sent_again_it_gets_its_receipt()
    {
        await EscalateAsync();
        await PageAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await Relay.RunAsync<Following>();
        await SendingAsync(async () =>
        {
            await Relay.AnswerAsync("wait");
            await Relay.RunAsync<Following>();
        });

        Assert.Equal("answered: wait, by the test", (await PageAsync()).Message.Split('\n')[0]);
    }

    [Fact]
    public async Task Refused_for_good_meanwhile_its_receipt_goes_out_all_the_same()
    {
        await EscalateAsync();
        await PageAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await Relay.RunAsync<Following>();
        Ntfy.Enqueue(NtfyFault.Foreign(413, "{}"), NtfyFault.HangThen(413));
        var sending = Relay.RunAsync<Pager>();
        await Ntfy.WaitForAttemptsAsync(3, TimeSpan.FromSeconds(30));
        await Relay.AnswerAsync("wait");
        await Relay.RunAsync<Following>();
        Ntfy.ReleaseHung();
        await sending;

        Assert.Equal("answered: wait, by the test", (await PageAsync()).Message.Split('\n')[0]);
    }

    [Fact]
    public async Task Answered_while_a_second_way_brings_it_that_brings_the_receipt_too()
    {
        await using var other = await LoopbackNtfy.StartAsync();
        await Relay.ConfigureAsync($"second_ways: [{{ntfy: \"{other.Address}second-topic\"}}]\n");
        await EscalateAsync();
        await PageAsync();
        Ntfy.Always(NtfyFault.DailyQuota());
        Relay.Clock.Advance(TimeSpan.FromMinutes(31));
        await Relay.RunAsync<Following>();
        await Relay.RunAsync<Pager>();
        other.Enqueue(NtfyFault.Hang());
        var sending = Relay.RunAsync<SecondPager>();
        await other.WaitForAttemptsAsync(1, TimeSpan.FromSeconds(30));
        await Relay.AnswerAsync("wait");
        await Relay.RunAsync<Following>();
        other.ReleaseHung();
        await sending;
        await Relay.RunAsync<SecondPager>();

        Assert.StartsWith("answered: wait", other.Pages[^1].Message, StringComparison.Ordinal);
    }

    private async Task SayAsync(string words)
    {
        Ntfy.Say(AnswerTopicName, words);
        Assert.Equal(1, await ListenAsync());
    }

    /// <summary>The server has it; the relay does not know before this is done.</summary>
    private async Task SendingAsync(Func<Task> meanwhile)
    {
        var attempts = Ntfy.Attempts.Count;
        Ntfy.Enqueue(NtfyFault.Hang());
        var sending = Relay.RunAsync<Pager>();
        await Ntfy.WaitForAttemptsAsync(attempts + 1, TimeSpan.FromSeconds(30));
        await meanwhile();
        Ntfy.ReleaseHung();
        await sending;
    }
}
