using System.Text.Json;
using Relay.Scenarios.Harness;

namespace Relay.Scenarios.Faults;

/// <summary>What the scenarios of a faulty machine look at: the status, the pages, the exit code, and what the sessions got.</summary>
public abstract class FaultStage : Stage
{
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    protected int PagesOf(string word) =>
        Ntfy.Pages.Count(page => (page.Title + page.Message).Contains(word, StringComparison.Ordinal));

    protected Task UntilPagedAsync(string word) => Eventually.ThatAsync(
        Limit, () => PagesOf(word) > 0, () => $"no page about {word}: {string.Join(", ", Ntfy.Pages.Select(page => page.Title))}",
        CancellationToken);

    protected static Task UntilAsync(Func<bool> condition, Func<string> missing) =>
        Eventually.ThatAsync(Limit, condition, missing, CancellationToken);

    /// <summary>As the running relay says it.</summary>
    private protected static async Task<string> StatusAsync(RelayProcess relay)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", ScenarioHome.OperatorToken);
        using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri(relay.Url, "status"), CancellationToken));
        var root = status.RootElement;
        return $"{root.GetProperty("state").GetString()}: {root.GetProperty("state_reason").GetString()}";
    }

    private protected static async Task UntilStatusAsync(RelayProcess relay, string beginning)
    {
        var seen = "";
        for (var started = System.Diagnostics.Stopwatch.GetTimestamp(); !seen.StartsWith(beginning, StringComparison.Ordinal);)
        {
            if (System.Diagnostics.Stopwatch.GetElapsedTime(started) > Limit)
                throw new TimeoutException($"not {beginning}, but {seen}\n{relay.Output}");
            seen = await StatusAsync(relay);
            await Eventually.WithinAsync(TimeSpan.FromMilliseconds(50), () => relay.HasExited, CancellationToken);
        }
        Say($"status: {seen}");
    }

    /// <summary>In status.json: null where there is none.</summary>
    private protected string? StateInFile()
    {
        try
        {
            using var status = JsonDocument.Parse(File.ReadAllBytes(Home.Paths.StatusFile));
            return status.RootElement.GetProperty("state").GetString();
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>A start that is refused: what it says.</summary>
    private protected async Task<string> RefusedAsync(params string[] more)
    {
        await using var relay = RelayProcess.Launch(Home, more: more);
        var exit = await relay.ExitAsync(Limit);
        if (exit != 78)
            throw new InvalidOperationException($"exit {exit}\n{relay.Output}{relay.Error}");
        Say($"exit 78: {relay.Error.Trim()}");
        return relay.Error;
    }
}
