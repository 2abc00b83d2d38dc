using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>What most scenarios need: the two stand-ins, and a home that uses them.</summary>
public abstract class Stage : IAsyncLifetime
{
    private readonly KeptPort _apiPort = new(), _ntfyPort = new();
    private ScenarioHome? _home;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    protected LoopbackMessagesApi Api { get; private set; } = null!;

    protected LoopbackNtfy Ntfy { get; private set; } = null!;

    private protected ScenarioHome Home => _home ??= new ScenarioHome(Api.Address, Ntfy.Address, Config);

    protected virtual LoopbackNtfyOptions NtfyOptions => new();

    /// <summary>Additional lines of config.yaml.</summary>
    protected virtual string Config => "";

    public async ValueTask InitializeAsync()
    {
        Api = await LoopbackMessagesApi.StartAsync(new() { Port = _apiPort.Number, ContextWindowTokens = 10_000_000 });
        Ntfy = await LoopbackNtfy.StartAsync(NtfyOptions with { Port = _ntfyPort.Number });
    }

    protected virtual void CleanUp()
    {
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Ntfy.DisposeAsync();
        if (_home is not null)
        {
            Assert.Empty(await _home.StrandedAsync());
            _home.Dispose();
        }
        CleanUp();
        _apiPort.Dispose();
        _ntfyPort.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the server again at the same address.</summary>
    protected async Task BringApiBackAsync() => Api = await LoopbackMessagesApi.StartAsync(new() { Port = Api.Port });

    protected async Task BringNtfyBackAsync() => Ntfy = await LoopbackNtfy.StartAsync(new() { Port = Ntfy.Port });

    protected static void Say(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        Console.WriteLine(line);
    }
}
