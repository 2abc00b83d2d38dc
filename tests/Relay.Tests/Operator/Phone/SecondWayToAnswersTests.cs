using Relay.Loopback;
using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>A second way that leads to the answer topic, on a server where everybody may write to it.</summary>
public sealed class SecondWayToAnswersTests : PhoneTests
{
    private protected override LoopbackNtfyOptions Server => new() { Token = Token, IsOpen = true };

    [Theory]
    [InlineData("ntfy")]
    [InlineData("webhook")]
    public async Task No_page_goes_where_it_would_be_an_answer(string kind)
    {
        await Relay.ConfigureAsync($"second_ways: [{{{kind}: \"{Ntfy.Address}{AnswerTopicName}\"}}]\n");
        Ntfy.Enqueue(NtfyFault.DailyQuota());
        await EscalateAsync();
        await Relay.RunAsync<Pager>();
        await Relay.RunAsync<SecondPager>();

        Assert.DoesNotContain(Ntfy.Pages, page => page.Topic == AnswerTopicName);
        Assert.False((await Relay.Get<Health>().ReadAsync(CancellationToken)).Healthy);
    }
}
