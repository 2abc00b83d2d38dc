using Relay.Texts;
using Xunit;

namespace Relay.Tests.Texts;

public sealed class OptionLinesTests
{
    [Fact]
    public void Each_line_of_the_form_is_an_option_and_one_is_recommended() => Assert.Equal(
        [new OptionLine("a", "Merge them", true), new OptionLine("b", "Keep both", false), new OptionLine("10", "Ask again", false)],
        OptionLines.Of("Which?\n- (a) Merge them (recommended)\r\n* (b)  Keep both \nThis is about both.\n  - (10) Ask again"));

    [Theory]
    [InlineData("- (a) one\n- (A) two")]
    [InlineData("- a) one\n- b two\n(c) three\n-(d) four")]
    [InlineData("```\n- (a) one\n- (b) two\n```")]
    [InlineData("- (a)\n- (b)   ")]
    [InlineData("- (long-key) one")]
    public void What_is_malformed_is_text(string text) => Assert.Empty(OptionLines.Of(text));

    [Fact]
    public void Twenty_are_enough() => Assert.Equal(
        (20, 0), (OptionLines.Of(Lines(20)).Count, OptionLines.Of(Lines(21)).Count));

    [Fact]
    public void Two_recommendations_are_none() =>
        Assert.DoesNotContain(OptionLines.Of("- (a) one (recommended)\n- (b) two (Recommended)"), option => option.IsRecommended);

    private static string Lines(int count) => string.Concat(Enumerable.Range(1, count).Select(number => $"- ({number}) option\n"));
}
