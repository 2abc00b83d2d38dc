using System.Text.Json;
using Relay.Loopback;
using Relay.Operator;
using Relay.Operator.Asked;
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

    [Theory]
    [InlineData("allow")]
    [InlineData("yes")]
    [InlineData("always 1")]
    [InlineData("always all session")]
    [InlineData("#1 always all project")]
    [InlineData("allow {digest}")]
    [InlineData("always 1 {digest}")]
    public async Task No_words_from_there_let_a_tool_be_used(string words)
    {
        var rules = new { type = "addRules", rules = new[] { new { toolName = "Bash" } }, behavior = "allow", destination = "session" };
        var offered = Suggestions.Of(JsonSerializer.SerializeToElement(rules));
        await RefusedAsync(QuestionKind.Permission, new ClientAsk.Permission("Bash", Input: null, [offered, offered]), words);
    }

    [Theory]
    [InlineData("approve")]
    [InlineData("approve and accept edits")]
    [InlineData("approve {digest}")]
    [InlineData("edited: rm -r /")]
    [InlineData("#1 edited, accept edits: rm -r /")]
    [InlineData("ok")]
    public async Task No_words_from_there_let_a_plan_be_carried_out_in_whatever_words(string words) =>
        await RefusedAsync(QuestionKind.Plan, new ClientAsk.Plan("make"), words);

    [Fact]
    public async Task A_plan_can_be_sent_back_from_there_and_a_choice_answered()
    {
        await Relay.ConfigureAsync("page_buttons: every-reader-may-answer\n");
        await AskAsync(QuestionKind.Plan, new ClientAsk.Plan("make"), "make");
        Assert.Equal(["Send back"], Labels(await PageAsync()));
        var one = new ChoiceQuestion("Queue?", "Way", [new ChoiceOption("Queue", ""), new ChoiceOption("Poll", "")], false);
        await AskAsync(QuestionKind.Choice, new ClientAsk.Choice([one]), "Queue?");
        Assert.Equal(["1: Queue", "2: Poll"], Labels(await PageAsync()));

        Ntfy.Say(AnswerTopicName, "#1 not so");
        Ntfy.Say(AnswerTopicName, "#2 Poll");
        await ListenAsync();

        Assert.Empty(await Relay.OpenQuestionsAsync());
    }

    private async Task RefusedAsync(QuestionKind kind, ClientAsk ask, string words)
    {
        await Relay.ConfigureAsync("page_buttons: every-reader-may-answer\n");
        var question = await AskAsync(kind, ask, "make");
        await PageAsync();
        Ntfy.Say(AnswerTopicName, words.Replace("{digest}", PermissionDigest.Of(await FindAsync(question)), StringComparison.Ordinal));
        await ListenAsync();

        Assert.True((await FindAsync(question)).IsOpen);
        Assert.Contains("others may read the topic", Assert.Single(await RefusalsAsync()), StringComparison.Ordinal);
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
