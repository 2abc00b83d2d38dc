using Relay.Conversations;
using Relay.Operator;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>A relay in which messages are held and given up, and what its advisor was called with.</summary>
public abstract class HeldMessageTests : IAsyncLifetime
{
    private protected TempRelay _relay = null!;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    private protected async Task AnsweredAsync(string content)
    {
        var id = await _relay.AcceptAsync("session-1", content);
        await _relay.TakeTurnsAsync();
        Assert.Equal(MessageState.Answered, (await _relay.MessageAsync(id)).State);
    }

    private protected async Task DropAsync(MessageId id) =>
        Assert.True(await _relay.Get<Holds>().DropAsync(await _relay.MessageAsync(id), CancellationToken));

    private protected async Task<(MessageState, HoldCause?)> StateOfAsync(MessageId id)
    {
        var message = await _relay.MessageAsync(id);
        return (message.State, message.Cause);
    }

    private protected string LastCall() => string.Join("\n", _relay.Advisor.Calls[^1].Messages.SelectMany(message => message.Blocks));
}
