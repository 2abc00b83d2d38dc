using Xunit;

namespace Relay.Tests.Operator.Phone;

public sealed class PutOffPageTests : PhoneTests
{
    [Theory]
    [InlineData("later", ", again at 10:00")]
    [InlineData("later 2d", ", again on 3 Aug at 09:00")]
    public async Task A_page_says_when_it_comes_again_and_on_which_day(string words, string expected)
    {
        await EscalateAsync();
        await PageAsync();
        Ntfy.Say(AnswerTopicName, words);
        await ListenAsync();

        Assert.EndsWith(expected, (await PageAsync()).Title, StringComparison.Ordinal);
    }
}
