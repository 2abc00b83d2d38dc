using System.Text.Json;
using Relay.Loopback;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>A home for one relay with stand-ins of its own, the API answering at once.</summary>
internal sealed class Bed : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private Bed(InstantApi api, LoopbackNtfy ntfy, string config)
    {
        Api = api;
        Ntfy = ntfy;
        Home = new ScenarioHome(api.Address, ntfy.Address, config);
    }

    public InstantApi Api { get; }

    public LoopbackNtfy Ntfy { get; }

    public ScenarioHome Home { get; }

    public static async Task<Bed> MakeAsync(string config = "") => new(InstantApi.Start(), await LoopbackNtfy.StartAsync(), config);

    /// <summary>A conversation of about so many characters that the relay takes over at its first start.</summary>
    public void WriteHistory(int characters)
    {
        const int line = 1_000;
        var lines = Enumerable.Range(0, characters / line).Select(number => new { role = number % 2 == 0 ? "user" : "assistant", content = new string((char)('a' + number % 26), line) });
        File.WriteAllBytes(Home.Paths.HistoryFile, JsonSerializer.SerializeToUtf8Bytes(lines));
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Ntfy.DisposeAsync();
        Home.Dispose();
    }
}
