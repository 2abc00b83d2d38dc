using Relay.Conversations;
using Relay.Loopback;
using Xunit;

namespace Relay.Tests.Testing;

/// <summary>Checks that the relay of the tests works like the real one.</summary>
public sealed class TempRelayTests
{
    [Fact]
    public async Task An_envelope_becomes_a_reply_in_the_sessions_folder()
    {
        await using var relay = await TempRelay.CreateAsync();
        relay.Advisor.Reply("Do it.");
        var envelope = relay.Drop("session-1", "Shall I?");

        await relay.PassAsync();

        Assert.False(File.Exists(envelope));
        Assert.Equal("Do it.", relay.Consume("session-1"));
        Assert.Equal("[session-1] Shall I?", relay.Advisor.Calls[0].Messages[^1].Blocks[^1]);
        Assert.Equal(EntryRole.User, relay.Advisor.Calls[0].Messages[^1].Role);
    }

    [Fact]
    public async Task The_whole_daemon_answers_through_the_stand_in_of_the_api()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("Do it."));

        relay.Drop("session-1", "Shall I?");

        Assert.Equal("Do it.", await relay.ConsumeAsync("session-1"));
        await relay.Ntfy.WaitForPageAsync(page => page.Title.Contains("online", StringComparison.Ordinal), RunningRelay.Patience);
    }
}
