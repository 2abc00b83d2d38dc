using System.Diagnostics;
using System.Globalization;
using Relay.Loopback;
using Relay.Scenarios.Dashboard;
using Relay.Scenarios.Harness;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Scenarios.Phone;

/// <summary>A client asks by its hook for a permission, on a topic that only who has a token reads.</summary>
public sealed class AllowedByTapScenario : Stage
{
    private const string Token = "tk_0123456789";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    protected override LoopbackNtfyOptions NtfyOptions => new() { Token = Token };

    [Fact]
    public async Task A_tap_on_allow_lets_the_client_go_on_and_what_is_forged_or_repeated_does_not()
    {
        await File.AppendAllTextAsync(Home.Paths.EnvFile, $"NTFY_TOKEN={Token}\n", CancellationToken);
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        var asked = ClientAsking.AskAsync(relay, "Bash", new { command = "make deploy" });
        var page = await Ntfy.WaitForPageAsync(each => each.Title.Contains("may it use Bash?", StringComparison.Ordinal), Limit);
        var allow = page.Actions.EnumerateArray().Single(action => action.GetProperty("label").GetString() == "Allow");
        var answers = new Uri(allow.GetProperty("url").GetString()!).Segments[^1];
        Ntfy.Say(answers, "relay:1:allow:0:00000000000000000000000000000000");
        Ntfy.Say(answers, allow.GetProperty("body").GetString()!.Replace("relay:1:", "relay:2:", StringComparison.Ordinal));
        await RefusedAsync(2);
        Assert.False(asked.IsCompleted);

        List<TimeSpan> taken = [await AllowAsync(page, asked)];
        await Handset.TapAsync(page, "Allow", CancellationToken);
        await RefusedAsync(3);

        await Ntfy.WaitForPageAsync(each => each.SequenceId == page.SequenceId && each.Message == "answered: allowed", Limit);
        for (var number = 2; number <= 3; number++)
        {
            asked = ClientAsking.AskAsync(relay, "Bash", new { command = $"make deploy-{number}" });
            var title = $"may it use Bash? (#{number})";
            page = await Ntfy.WaitForPageAsync(each => each.Title.EndsWith(title, StringComparison.Ordinal), Limit);
            taken.Add(await AllowAsync(page, asked));
        }
        foreach (var each in taken)
            Say(string.Create(CultureInfo.InvariantCulture, $"tap on Allow to the hook's answer: {each.TotalMilliseconds:0} ms"));
        Assert.InRange(taken.Order().ElementAt(1), TimeSpan.Zero, TimeSpan.FromSeconds(1)); // The machine may stand still in one of them.
        var (_, said, _) = await CommandRun.EndAsync(Home, "doctor");
        Assert.Contains("pages have buttons, for nobody reads the topic without a token", said, StringComparison.Ordinal);
    }

    /// <summary>From the tap to the hook's answer.</summary>
    private static async Task<TimeSpan> AllowAsync(Page page, Task<string> asked)
    {
        var began = Stopwatch.GetTimestamp();
        await Handset.TapAsync(page, "Allow", CancellationToken);
        var decision = await ClientAsking.DecidedAsync(asked);
        var taken = Stopwatch.GetElapsedTime(began);
        Assert.Equal("allow", decision.GetProperty("behavior").GetString());
        return taken;
    }

    private async Task RefusedAsync(int count)
    {
        await Eventually.ThatAsync(Limit, () => Refused() == count, () => $"{Refused()} refusals, not {count}", CancellationToken);

        int Refused() => Ntfy.Pages.Count(page => page.Title == "Relay: not taken");
    }
}
