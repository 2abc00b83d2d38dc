using Relay.Loopback;
using Relay.Operator.Phone;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Tests.Operator.Phone;

/// <summary>On a topic that everybody may read: no buttons, for whoever reads the page could answer.</summary>
public sealed class OpenTopicTests : PhoneTests
{
    private protected override LoopbackNtfyOptions Server => new() { Token = Token, IsOpen = true };

    [Fact]
    public async Task A_token_alone_does_not_protect_a_topic_that_everybody_may_read()
    {
        await AskPermissionAsync();
        var page = await PageAsync();

        Assert.Empty(Labels(page));
        Assert.DoesNotContain(AnswerTopicName, Ntfy.Attempts[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_configuration_says_so_there_are_buttons_but_none_that_allows()
    {
        await Relay.ConfigureAsync("page_buttons: every-reader-may-answer\n");
        await AskPermissionAsync();
        var page = await PageAsync();
        Assert.Equal(["Deny"], Labels(page));

        await Handset.TapAsync(page, "Deny", CancellationToken);
        await ListenAsync();

        Assert.Empty(await Relay.OpenQuestionsAsync());
    }

    [Fact]
    public async Task Words_that_allow_are_refused_there_as_well()
    {
        await Relay.ConfigureAsync("page_buttons: every-reader-may-answer\n");
        var question = await AskPermissionAsync();
        var allow = (await PageAsync()).Message.Split("allow: ")[1].Split('\n')[0];
        Assert.StartsWith($"#{question} allow", allow, StringComparison.Ordinal);

        Ntfy.Say(AnswerTopicName, allow);
        await ListenAsync();

        Assert.Single(await Relay.OpenQuestionsAsync());
        Assert.Contains(await Relay.PagesAsync(), page => page.Body.Contains("others may read the topic", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Buttons_that_are_off_are_off_and_nobody_listens()
    {
        await Relay.ConfigureAsync("page_buttons: off\n");
        await AskPermissionAsync();

        Assert.Empty(Labels(await PageAsync()));
        Assert.Equal(0, await Relay.RunAsync<AnswerTopic>());
    }
}
