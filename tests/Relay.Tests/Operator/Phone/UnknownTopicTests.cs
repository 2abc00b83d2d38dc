using Relay.Loopback;
using Relay.Operator;
using Relay.Operator.Asked;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>Where the server does not say who may read the topic, it counts as one that everybody may read.</summary>
public sealed class UnknownTopicTests : PhoneTests
{
    private protected override LoopbackNtfyOptions Server => new() { Token = Token, IsFaultyToOthers = true };

    [Theory]
    [InlineData("allow {digest}")]
    [InlineData("allow")]
    public async Task No_words_from_there_let_a_tool_be_used(string words) =>
        await RefusedAsync(QuestionKind.Permission, new ClientAsk.Permission("Bash", Input: null, []), words);

    [Theory]
    [InlineData("approve {digest}")]
    [InlineData("edited: rm -r /")]
    public async Task Nor_a_plan_be_carried_out(string words) =>
        await RefusedAsync(QuestionKind.Plan, new ClientAsk.Plan("make"), words);

    [Fact]
    public async Task There_is_no_button_either()
    {
        await AskPermissionAsync();

        Assert.Empty(Labels(await PageAsync()));
    }

    private async Task RefusedAsync(QuestionKind kind, ClientAsk ask, string words)
    {
        var question = await AskAsync(kind, ask, "make");
        await PageAsync();
        Ntfy.Say(AnswerTopicName, words.Replace("{digest}", PermissionDigest.Of(await FindAsync(question)), StringComparison.Ordinal));
        await ListenAsync();

        Assert.True((await FindAsync(question)).IsOpen);
        Assert.Contains("the server does not say", Assert.Single(await RefusalsAsync()), StringComparison.Ordinal);
    }
}
