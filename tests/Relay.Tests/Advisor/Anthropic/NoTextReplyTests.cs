using System.Text;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>A reply with something in it that is no text was paid for, and asking again would bring the same.</summary>
public sealed class NoTextReplyTests
{
    [Fact]
    public async Task Half_a_surrogate_pair_costs_no_reply_and_two_halves_in_two_events_are_one_character()
    {
        await using var api = await RawMessagesApi.StreamAsync(
            Sse.Start, Sse.BlockStart(0), Delta("""a \ud800 b\n\"c\" \ud83d"""), Delta("""\ude42 d\udc00"""), Sse.BlockStop(0),
            Sse.End("end_turn"));
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.Equal("a \ud800 b\n\"c\" \U0001F642 d\udc00", outcome.Text);
        Assert.Equal(15, outcome.Usage!.Output);

        static string Delta(string text) =>
            $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{text}}}"}}""";
    }

    [Fact]
    public async Task A_reply_in_one_piece_may_hold_what_is_no_text()
    {
        byte[] body = [.. Encoding.UTF8.GetBytes("""
            {"type": "message", "content": [{"type": "text", "text": "a \ud800 b"}], "stop_reason": "end_turn",
            "usage": {"input_tokens": 7, "output_tokens": 3}}
            """)];
        body[body.AsSpan().IndexOf(" b"u8) + 1] = 0xE9;
        await using var api = await RawMessagesApi.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(body);
        });
        using var rig = new AdvisorRig(api.Address);

        var outcome = Assert.IsType<AdvisorOutcome.Replied>(await rig.AskAsync());

        Assert.Equal("a \uFFFD \uFFFD", outcome.Text);
    }

    [Fact]
    public async Task It_is_recorded_with_a_character_in_its_place_and_never_asked_for_again()
    {
        await using var relay = await TempRelay.CreateAsync();
        relay.Advisor.Enqueue(new AdvisorOutcome.Replied("a \ud800 b", "end_turn"));
        var id = await relay.AcceptAsync("session-1", "Shall I?");

        await relay.TakeTurnsAsync();
        await relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await relay.MessageAsync(id)).State);
        Assert.Equal("a \uFFFD b", (await relay.WindowAsync()).Turns[1].Text);
        Assert.Single(relay.Advisor.Calls);
        Assert.Single(relay.Logs.GetSnapshot(), record => record.Message.Contains("half a surrogate pair", StringComparison.Ordinal));
    }
}
