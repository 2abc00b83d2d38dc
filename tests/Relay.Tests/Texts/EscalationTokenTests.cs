using Relay.Texts;
using Xunit;

namespace Relay.Tests.Texts;

public sealed class EscalationTokenTests
{
    private const string Token = "[NEEDS-JC]";

    [Theory]
    [InlineData("[NEEDS-JC] Which?", null, null)]
    [InlineData("[NEEDS-JC by=2h default=a] Which?", "2h", "a")]
    [InlineData("[NEEDS-JC default=b by=1h30m] Which?", "1h30m", "b")]
    [InlineData("[NEEDS-JC BY=90s Default=(A)] Which?", "90s", "A")]
    [InlineData("[NEEDS-JC, by=2d; default=10] Which?", "2d", "10")]
    [InlineData("[NEEDS-JC by=2h] Which?", "2h", null)]
    [InlineData("[NEEDS-JC ] Which?", null, null)]
    public void What_is_inside_its_bracket_is_read(string text, string? by, string? option)
    {
        var found = EscalationToken.Find(text, Token, 200)!;

        Assert.Equal((by, option, "Which?"), (found.By, found.Default, QuestionText.Without(text, Token)));
    }

    [Theory]
    [InlineData("[NEEDS-JC by=soon default=a] Which?")]
    [InlineData("[NEEDS-JC by=0s default=a] Which?")]
    [InlineData("[NEEDS-JC by= default=a] Which?")]
    [InlineData("[NEEDS-JC by=2h default=a unless=prod] Which?")]
    [InlineData("[NEEDS-JC by=2h by=3h default=a] Which?")]
    [InlineData("[NEEDS-JC by=2h default=a default=b] Which?")]
    [InlineData("[NEEDS-JC by=2h default=the first] Which?")]
    [InlineData("[NEEDS-JC by=-2h default=a] Which?")]
    [InlineData("[NEEDS-JC please] Which?")]
    [InlineData("[NEEDS-JC by=2h default=a\nWhich?")]
    [InlineData("[NEEDS-JC by=99999999999999d default=a] Which?")]
    public void What_is_not_understood_asks_all_the_same_counts_for_nothing_and_stays_to_be_read(string text)
    {
        var found = EscalationToken.Find(text, Token, 200)!;

        Assert.Equal((0, null, null), (found.Start, found.By, found.Default));
        Assert.Equal(text, QuestionText.Without(text, Token));
    }

    [Theory]
    [InlineData("Which?")]
    [InlineData("[NEEDS-JCX] Which?")]
    [InlineData("[NEEDS-JC-OLD by=2h] Which?")]
    [InlineData("I wrote [NEEDS-JC and forgot the rest")]
    [InlineData("[needs-jc] Which?")]
    public void What_is_no_token_asks_nobody(string text) => Assert.Null(EscalationToken.Find(text, Token, 200));

    [Theory]
    [InlineData(190, "", true)]
    [InlineData(191, "", false)]
    [InlineData(190, " by=2h default=a", true)]
    [InlineData(191, " by=2h default=a", false)]
    public void Attributes_need_no_room_within_the_characters_that_count(int before, string attributes, bool asks) =>
        Assert.Equal(asks, EscalationToken.Find(new string('x', before) + $"[NEEDS-JC{attributes}] tail", Token, 200) is not null);

    [Theory]
    [InlineData("ASK by=2h default=a", "ASK", true)]
    [InlineData("AS by=2h", "ASK", false)]
    [InlineData("<jc by=2h default=a> Which?", "<jc>", true)]
    public void A_token_without_a_bracket_has_none(string text, string token, bool asks)
    {
        var found = EscalationToken.Find(text, token, 200);

        Assert.Equal((asks, token == "<jc>" ? "2h" : null), (found is not null, found?.By));
    }
}
