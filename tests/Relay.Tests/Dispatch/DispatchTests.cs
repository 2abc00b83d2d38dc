using Relay.Conversations;
using Relay.Dispatch;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Dispatch;

/// <summary>Makes replies of an advisor and places them in the folders of sessions.</summary>
public abstract class DispatchTests : IAsyncLifetime
{
    private protected TempRelay _relay = null!;

    private protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    /// <summary>Makes one message for each reply.</summary>
    private protected async Task<List<MessageId>> AnswerAsync(string session, params string[] replies)
    {
        List<MessageId> messages = [];
        foreach (var reply in replies)
        {
            _relay.Advisor.Reply(reply);
            messages.Add(await _relay.AcceptAsync(session, $"for {reply}"));
            await _relay.TakeTurnsAsync();
            _relay.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }
        return messages;
    }

    private protected Task<int> PlaceAsync() => _relay.RunAsync<Dispatcher>();
}
