using Relay.Advisor;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>A call that was, or perhaps was, paid for and brought no reply is repeated twice.
/// Then only the operator's word buys more.</summary>
public sealed class WasteTests : IAsyncLifetime
{
    private static readonly TokenUsage Usage = new(1_000, 10, 0, 0, 0);

    private TempRelay _relay = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    public static TheoryData<string> Kinds => ["cut", "cut early", "silent", "empty", "fault", "lost"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task It_is_bought_three_times_and_then_held_with_what_was_spent_and_a_page(string kind)
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?");

        await WasteAsync(kind, tries: 20);
        Assert.Null(await _relay.ClaimAsync());

        Assert.Equal(3, await _relay.CountAsync("SELECT COUNT(*) FROM calls"));
        var message = await _relay.MessageAsync(id);
        Assert.Equal(MessageState.Held, message.State);
        Assert.Contains("3 calls were paid for, or perhaps were", message.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("0.00 USD", message.Reason, StringComparison.Ordinal);
        Assert.Contains(kind == "fault" ? "fault" : "spent", Assert.Single(await _relay.PagesAsync()).Body, StringComparison.Ordinal);
        Assert.Equal("error", (await _relay.StatusAsync()).State);
    }

    [Fact]
    public async Task Calls_lost_with_the_relay_and_calls_that_were_cut_have_one_bound_together()
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?");

        await WasteAsync("lost", tries: 1);
        await WasteAsync("cut", tries: 1);
        await WasteAsync("lost", tries: 5);
        Assert.Null(await _relay.ClaimAsync());

        Assert.Equal(3, await _relay.CountAsync("SELECT COUNT(*) FROM calls"));
        Assert.Equal((MessageState.Held, HoldCause.Wasted), ((await _relay.MessageAsync(id)).State, (await _relay.MessageAsync(id)).Cause));
        Assert.True(await _relay.Get<Holds>().RetryAsync(await _relay.MessageAsync(id), CancellationToken));
        await WasteAsync("lost", tries: 5);
        Assert.Equal(6, await _relay.CountAsync("SELECT COUNT(*) FROM calls"));
    }

    [Fact]
    public async Task An_orderly_stop_that_cuts_a_call_counts_too()
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?");
        for (var stop = 0; stop < 6; stop++)
        {
            var called = new SemaphoreSlim(0);
            _relay.Advisor.Forget();
            _relay.Advisor.Enqueue(async (_, cancelled) =>
            {
                called.Release();
                return await new TaskCompletionSource<AdvisorOutcome>().Task.WaitAsync(cancelled);
            });
            var loop = _relay.Get<AdvisorLoop>();
            await loop.RunBatchAsync(CancellationToken);
            if (stop < 3)
                Assert.True(await called.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken));
            await loop.StopAsync(CancellationToken);
            await _relay.RestartAsync();
        }

        Assert.Equal(3, await _relay.CountAsync("SELECT COUNT(*) FROM calls"));
        Assert.Equal((MessageState.Held, HoldCause.Wasted), ((await _relay.MessageAsync(id)).State, (await _relay.MessageAsync(id)).Cause));
    }

    [Fact]
    public async Task Neither_a_restart_nor_a_changed_configuration_buys_more_but_the_operators_word_does()
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?");
        await WasteAsync("cut", tries: 5);

        await _relay.RestartAsync();
        await WasteAsync("cut", tries: 2);
        await _relay.ConfigureAsync("stuck_after: 5m");
        await _relay.RunAsync<HoldRelease>();
        await WasteAsync("cut", tries: 2);
        Assert.Equal(3, await _relay.CountAsync("SELECT COUNT(*) FROM calls"));
        Assert.Equal((MessageState.Held, HoldCause.Wasted), ((await _relay.MessageAsync(id)).State, (await _relay.MessageAsync(id)).Cause));
        Assert.Single(await _relay.PagesAsync());

        Assert.True(await _relay.Get<Holds>().RetryAsync(await _relay.MessageAsync(id), CancellationToken));
        await WasteAsync("cut", tries: 45);
        Assert.Equal(6, await _relay.CountAsync("SELECT COUNT(*) FROM calls"));
        Assert.Equal(2, (await _relay.PagesAsync()).Count); // Held again, it is news.

        Assert.Equal(new Retried(Released: 1, HeldForBudget: 0), await _relay.Get<Holds>().RetryAllAsync(CancellationToken));
        await _relay.TakeTurnsAsync();
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_buys_nothing_either()
    {
        await _relay.AcceptAsync("session-1", "Shall I?");
        await WasteAsync("cut", tries: 2);

        _relay.Clock.AdjustTime(_relay.Clock.GetUtcNow() - TimeSpan.FromHours(2));
        await WasteAsync("cut", tries: 45);

        Assert.Equal(3, await _relay.CountAsync("SELECT COUNT(*) FROM calls"));
    }

    [Fact]
    public async Task What_costs_nothing_is_tried_as_long_as_it_takes()
    {
        var id = await _relay.AcceptAsync("session-1", "Shall I?");

        await WasteAsync("busy", tries: 20);
        _relay.Clock.Advance(TimeSpan.FromMinutes(10));
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    [Fact]
    public async Task An_answer_of_the_operator_has_calls_of_its_own()
    {
        await _relay.AcceptAsync("session-1", "Which?");
        await WasteAsync("cut", tries: 2);
        _relay.Clock.Advance(TimeSpan.FromMinutes(10));
        _relay.Advisor.Reply("[NEEDS-JC] Which?");
        await _relay.TakeTurnsAsync();
        await _relay.AnswerAsync("This one.");

        await WasteAsync("cut", tries: 2);
        _relay.Clock.Advance(TimeSpan.FromMinutes(10));
        await _relay.PassAsync();

        Assert.Equal("reply to: [operator JC] This one.", _relay.Consume("session-1"));
    }

    /// <summary>So many times a due turn is taken, and comes to nothing like this.</summary>
    private async Task WasteAsync(string kind, int tries)
    {
        for (var attempt = 0; attempt < tries; attempt++)
        {
            _relay.Clock.Advance(TimeSpan.FromMinutes(10));
            if (kind == "lost")
            {
                await _relay.ClaimAsync();
                await _relay.RestartAsync();
                continue;
            }
            var isTaken = false;
            _relay.Advisor.Enqueue((_, _) =>
            {
                isTaken = true;
                return Task.FromResult(Outcome(kind));
            });
            await _relay.TakeTurnsAsync();
            if (!isTaken)
                _relay.Advisor.Forget();
            if (kind == "fault")
                await _relay.Get<Holds>().ReleaseAllAsync("the settings have changed", CancellationToken);
        }
    }

    private static AdvisorOutcome Outcome(string kind) => kind switch
    {
        "cut" => new AdvisorOutcome.Deferred("the reply ended early", RetryAfter: null) { Usage = Usage, PerhapsPaid = true },
        "cut early" => new AdvisorOutcome.Deferred("The response ended prematurely.", RetryAfter: null) { PerhapsPaid = true },
        "silent" => new AdvisorOutcome.Deferred("no answer in time", RetryAfter: TimeSpan.FromSeconds(1)) { PerhapsPaid = true },
        "empty" => new AdvisorOutcome.Empty("max_tokens") { Usage = Usage },
        "busy" => new AdvisorOutcome.Deferred("HTTP 529", RetryAfter: null),
        _ => throw new InvalidOperationException("an index that is not there"),
    };
}
