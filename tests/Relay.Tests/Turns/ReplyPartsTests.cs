using Relay.Conversations;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

public sealed class ReplyPartsTests
{
    private static readonly string[] Known = ["shop", "bank", "session-1"];

    [Fact]
    public void A_reply_without_addresses_is_the_askers_as_it_stands()
    {
        const string reply = "  Do it.\n\n";

        Assert.Equal((reply, ""), Split(reply));
    }

    [Theory]
    [InlineData("Do it.\n@bank: Wait for it.", "Do it.", "bank=Wait for it.")]
    [InlineData("Do it.\r\n@bank: Wait\r\nfor it.\r\n", "Do it.", "bank=Wait\r\nfor it.")]
    [InlineData("Do it.\n@bank: A\n@session-1: B\n@bank: C", "Do it.", "bank=A\n\nC;session-1=B")]
    [InlineData("@bank:\nFor the bank.\n@shop:\nFor you.", "For you.", "bank=For the bank.")]
    [InlineData("@shop: For you.", "For you.", "")]
    [InlineData("Do it.\n@bank:   \n", "Do it.", "")]
    [InlineData("@bank: Only for the bank.", "@bank: Only for the bank.", "bank=Only for the bank.")]
    public void Each_part_goes_to_the_session_its_line_names(string reply, string own, string others) =>
        Assert.Equal((own, others), Split(reply));

    [Theory]
    [InlineData("Ask\n@nobody: hello")]
    [InlineData("Mail me@bank: no")]
    [InlineData("Indented\n  @bank: no")]
    [InlineData("No colon\n@bank no")]
    [InlineData("Other case\n@Bank: no")]
    [InlineData("@bank.x: no")]
    public void What_only_looks_like_an_address_is_text(string reply) => Assert.Equal((reply, ""), Split(reply));

    [Theory]
    [InlineData("Write:\n```\n@bank: x\n```")]
    [InlineData("Write:\r\n```\r\n@bank: x\r\n```\r\n")]
    [InlineData("Write:\n```yaml\n@bank: x\n``\n@bank: y\n```\nDone.")]
    [InlineData("Write:\n````md\n```\n@bank: x\n```\n@bank: y\n````")]
    [InlineData("Write:\n~~~\n```\n@bank: x\n~~~")]
    [InlineData("Write:\n   ```\n@bank: x\n   ```")]
    [InlineData("Cut off:\n```\n@bank: x")]
    public void Inside_a_fenced_code_block_an_address_is_text(string reply) => Assert.Equal((reply, ""), Split(reply));

    [Theory]
    [InlineData("```\ncode\n```\n@bank: x", "```\ncode\n```", "bank=x")]
    [InlineData("Use ```code``` there.\n@bank: x", "Use ```code``` there.", "bank=x")]
    [InlineData("```code``` first.\n@bank: x", "```code``` first.", "bank=x")]
    [InlineData(
        "Do it.\n@bank: Write\n```\n@session-1: y\n```\n@session-1: z",
        "Do it.",
        "bank=Write\n```\n@session-1: y\n```;session-1=z")]
    public void After_a_block_an_address_counts_again(string reply, string own, string others) => Assert.Equal((own, others), Split(reply));

    [Fact]
    public void A_very_long_reply_is_split_in_no_time()
    {
        var reply = string.Concat(Enumerable.Repeat("```\n@bank: x\n```\n````` \n", 40_000)) + "@bank: y";

        Assert.NotEmpty(ReplyParts.Split(reply, SessionId.Stored("shop"), Known).Own);
    }

    [Fact]
    public async Task Parts_reach_their_sessions_each_by_its_own_channel()
    {
        await using var relay = await RunningRelay.StartAsync();
        var shop = new ClaudeSession(relay, "claude-1", "/projects/shop") { Mode = "relay" };
        var bank = new ClaudeSession(relay, "claude-2", "/projects/bank");
        await bank.HookAsync("UserPromptSubmit");
        relay.Api.Enqueue(
            ScriptedReply.Text("Known."),
            ScriptedReply.Text("Sell it.\n@bank: Expect money.\n@session-1: Count it.\n@stranger: Never mind."));
        relay.Drop("session-1", "I am here.");
        Assert.Equal("Known.", await relay.ConsumeAsync("session-1"));

        Assert.Equal("Sell it.", ClaudeSession.GoesOnWith(await shop.StopAsync("Sell it?")));

        var asked = Assert.Single(await relay.TextsAsync("SELECT message_id FROM messages WHERE session_id = 'shop'"));
        Assert.EndsWith(
            $"[advisor, on shop's message {asked}]\nExpect money.", await bank.ContextAsync("PostToolUse"), StringComparison.Ordinal);
        Assert.Equal(
            $"[advisor, on shop's message {asked}]\nCount it.\n@stranger: Never mind.", await relay.ConsumeAsync("session-1"));
        Assert.Equal(0, await relay.CountAsync("SELECT COUNT(*) FROM sessions WHERE session_id = 'stranger'"));
        Assert.False(File.Exists(Path.Combine(relay.Home.SessionFolder("bank"), "input.txt")));
    }

    private static (string Own, string Others) Split(string reply)
    {
        var parts = ReplyParts.Split(reply, SessionId.Stored("shop"), Known);
        return (parts.Own, string.Join(';', parts.Others.Select(part => $"{part.Session}={part.Text}")));
    }
}
