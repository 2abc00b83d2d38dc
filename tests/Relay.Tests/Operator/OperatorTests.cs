using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator;

/// <summary>Lets the advisor ask the operator.</summary>
public abstract class OperatorTests : IAsyncLifetime
{
    private protected TempRelay _relay = null!;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync();

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    private protected async Task EscalateAsync(string session, string reply)
    {
        _relay.Advisor.Reply(reply);
        await _relay.AcceptAsync(session, "a question");
        await _relay.TakeTurnsAsync();
    }
}
