using System.Globalization;
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

    /// <summary>With sessions that are known from the start: each in the conversation its name begins with, and its folder is
    /// there.</summary>
    public static async Task<Bed> MakeAsync(IReadOnlyCollection<string> sessions, string config = "")
    {
        var listed = sessions.Select(id => $"  - session_id: {id}\n    conversation: {id.Split('_')[0]}\n");
        var bed = await MakeAsync(config + "sessions:\n" + string.Concat(listed));
        foreach (var session in sessions)
            Directory.CreateDirectory(bed.Home.Paths.SessionFolder(session));
        return bed;
    }

    /// <summary>Sessions of one conversation. Their names begin with its own, since the floor has no other way to know it.</summary>
    public static IReadOnlyList<string> Speakers(string conversation, int count) =>
        [.. Enumerable.Range(1, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"{conversation}_session-{number}"))];

    /// <summary>A conversation of about so many characters that the relay takes over at its first start.</summary>
    public void WriteHistory(int characters)
    {
        const int line = 1_000;
        var lines = Enumerable.Range(0, characters / line)
            .Select(number => new { role = number % 2 == 0 ? "user" : "assistant", content = new string((char)('a' + number % 26), line) });
        File.WriteAllBytes(Home.Paths.HistoryFile, JsonSerializer.SerializeToUtf8Bytes(lines));
    }

    /// <summary>Until no envelope is left in the queue.</summary>
    public Task AcceptedAsync(CancellationToken cancellationToken) =>
        Eventually.ThatAsync(Limit, () => !Directory.EnumerateFiles(Home.Paths.Queue).Any(), () => "envelopes are left", cancellationToken);

    /// <summary>Before a start: what is accepted then waits for the key.</summary>
    public void TakeKeyAway()
    {
        var kept = File.ReadAllLines(Home.Paths.EnvFile).Where(line => !line.StartsWith("ANTHROPIC_API_KEY", StringComparison.Ordinal));
        File.WriteAllLines(Home.Paths.EnvFile, kept);
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Ntfy.DisposeAsync();
        Home.Dispose();
    }
}
