using Relay.Texts;
using Xunit;

namespace Relay.Tests.Texts;

public sealed class QuestionTextTests
{
    [Theory]
    [InlineData("[T] Left or right?", "Left or right?")]
    [InlineData("[T]: Left or right?", "Left or right?")]
    [InlineData("[T]\n\nLeft or right?", "Left or right?")]
    [InlineData("I must ask. [T] Left or right?", "I must ask. Left or right?")]
    [InlineData("Left or right?", "Left or right?")]
    [InlineData("[T] Is [T] right?", "Is [T] right?")]
    [InlineData("[T]", "[T]")]
    [InlineData("[T] - ", "[T] - ")]
    public void The_token_is_left_out_once(string text, string shown) => Assert.Equal(shown, QuestionText.Without(text, "[T]"));
}
