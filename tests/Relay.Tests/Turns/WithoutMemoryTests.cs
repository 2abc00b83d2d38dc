using Relay.Conversations;
using Relay.Operator;
using Relay.Tests.Testing;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>A message that there is no memory for is asked once more, alone; then it is held, and the others go on without it.</summary>
public sealed class WithoutMemoryTests : HeldMessageTests
{
    [Fact]
    public async Task It_is_asked_again_by_itself_first()
    {
        RunOut(times: 1);
        var message = await _relay.AcceptAsync("session-1", "large");
        await _relay.TakeTurnsAsync();
        var before = await _relay.MessageAsync(message);
        _relay.Clock.Advance(TimeSpan.FromSeconds(2));
        await _relay.TakeTurnsAsync();

        Assert.Equal(MessageState.Deferred, before.State);
        Assert.StartsWith("there is not enough memory for it", before.Reason);
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(message)).State);
        Assert.Empty(await _relay.PagesAsync());
    }

    [Fact]
    public async Task Then_it_is_held_paged_and_left_out_and_its_conversation_goes_on()
    {
        RunOut(times: 2);
        var message = await _relay.AcceptAsync("session-1", "large");
        await _relay.TakeTurnsAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(2));
        await _relay.TakeTurnsAsync();

        Assert.Equal((MessageState.Held, HoldCause.Context), await StateOfAsync(message));
        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Equal("Relay error: a message does not fit the memory", page.Title);
        Assert.Contains($"relay drop {message}", page.Body, StringComparison.Ordinal);
        await AnsweredAsync("small");
        Assert.DoesNotContain("large", LastCall(), StringComparison.Ordinal);
        Assert.Contains("is left out", LastCall(), StringComparison.Ordinal);

        await _relay.RestartAsync(); // A start alone gives no memory.
        Assert.Equal((MessageState.Held, HoldCause.Context), await StateOfAsync(message));
        Assert.True(await _relay.Get<Holds>().RetryAsync(await _relay.MessageAsync(message), CancellationToken));
        await _relay.TakeTurnsAsync();
        Assert.Contains("[session-1] large", LastCall(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_held_or_waits_is_looked_at_without_its_text()
    {
        const int messages = 30, megabyte = 1_000_000;
        _relay.Advisor.Enqueue(new Relay.Advisor.AdvisorOutcome.Held(HoldCause.Credit, "no credit"));
        for (var message = 0; message < messages; message++)
            await _relay.AcceptAsync("session-1", new string('x', megabyte));
        await _relay.TakeTurnsAsync();
        await _relay.WriteAsync(writing => writing.Sql("UPDATE messages SET state = 'held', cause = 'credit' WHERE state = 'accepted'")
            .ExecuteNonQueryAsync(CancellationToken));
        await _relay.StatusAsync();

        var allocated = await Allocated.ByAsync(LookAsync, atMost: messages * megabyte);

        Assert.True(allocated <= messages * megabyte, $"{allocated:N0} bytes");
    }

    private async Task LookAsync()
    {
        await _relay.StatusAsync();
        await _relay.Get<Health>().ReadAsync(CancellationToken);
        await _relay.RunAsync<HoldRetry>();
        await _relay.RunAsync<StateWatch>();
    }

    private void RunOut(int times)
    {
        for (var time = 0; time < times; time++)
            _relay.Advisor.Enqueue((_, _) => throw new InsufficientMemoryException());
    }
}
