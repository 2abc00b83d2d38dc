using System.Text.Json;
using Relay.Loopback;
using Relay.Scenarios.Harness;

namespace Relay.Bench;

/// <summary>One relay with stand-ins of its own, the API answering at once.</summary>
internal sealed class Bed : IAsyncDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private Bed(LoopbackMessagesApi api, LoopbackNtfy ntfy, ScenarioHome home)
    {
        Api = api;
        Ntfy = ntfy;
        Home = home;
    }

    public LoopbackMessagesApi Api { get; }

    public LoopbackNtfy Ntfy { get; }

    public ScenarioHome Home { get; }

    public static async Task<Bed> MakeAsync(string config = "", Func<AdvisorRequest, ScriptedReply>? answer = null)
    {
        var api = await LoopbackMessagesApi.StartAsync(new() { ContextWindowTokens = 100_000_000, Answer = answer ?? (_ => ScriptedReply.Text("Yes.")) });
        var ntfy = await LoopbackNtfy.StartAsync();
        return new Bed(api, ntfy, new ScenarioHome(api.Address, ntfy.Address, "history_char_cap: 50000000\n" + config));
    }

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
