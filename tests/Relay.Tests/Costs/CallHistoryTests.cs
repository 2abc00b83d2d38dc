using Relay.Costs;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Costs;

/// <summary>What each turn goes by: the newest calls, all of them and no more than are looked at.</summary>
public sealed class CallHistoryTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_that_ends_where_nothing_is_kept_does_not_pass_for_the_whole_history()
    {
        await using var relay = await TempRelay.CreateAsync();
        for (var turn = 0; turn < 3; turn++)
        {
            await relay.AcceptAsync("session-1", "next");
            await relay.TakeTurnsAsync();
        }
        var fresh = new CallHistory(relay.Database);
        var call = new StartedCall("call", new("default"), Message: null, CallPurpose.Turn)
        {
            At = relay.Clock.GetUtcNow(),
            Model = "claude",
            PromptBytes = 1,
        };
        var finished = ScriptedAdvisor.Replied("ok").ToFinishedCall();

        await relay.WriteAsync(writing =>
        {
            fresh.Add(writing, call, finished);
            return Task.CompletedTask;
        });

        var past = await relay.ReadAsync(reading => fresh.ReadAsync(reading, new("default"), CancellationToken));
        Assert.Equal(3, past.Count); // As the ledger has them.
    }

    [Fact]
    public void A_chain_of_turns_does_not_grow_it()
    {
        var call = new PastCall(DateTimeOffset.UnixEpoch, PromptBytes: 1, InputTokens: 1, OutputTokens: 1);
        IReadOnlyList<PastCall> past = [];

        for (var turn = 0; turn < 200; turn++)
            past = CallHistory.With(call with { PromptBytes = turn }, past);

        Assert.Equal(50, past.Count);
        Assert.Equal((199, 150), (past[0].PromptBytes, past[^1].PromptBytes));
    }
}
