using System.Net;
using Relay.Loopback;
using Relay.Scenarios.Dashboard;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Phone;

/// <summary>When neither the page goes out nor the answer comes in, the machine says so.</summary>
public sealed class UnreachedScenario : Stage
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>The next attempt is at most about as far away as the server was gone.</summary>
    private static readonly TimeSpan UntilTriedAgain = TimeSpan.FromMinutes(3);

    protected override string Config => "stuck_after: 2s\nsecond_ways: [{webhook: \"http://127.0.0.1:9/\"}]\n";

    [Fact]
    public async Task What_reached_nobody_and_what_is_not_heard_is_said_by_status_healthz_and_doctor()
    {
        Ntfy.Always(NtfyFault.DailyQuota());
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which one?"));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        Home.Drop("session-1", "a question");
        await SaysAsync("status", "the page of a question was not sent: HTTP 429");
        await IsSoonAsync(relay, HttpStatusCode.ServiceUnavailable);
        await SaysAsync("doctor", "has not taken");

        await Ntfy.DisposeAsync();
        await SaysAsync("status", "the answer topic: what you publish from the phone is not heard since ");

        await BringNtfyBackAsync();
        await Ntfy.WaitForPageAsync(page => OperatorAtPhone.QuestionOf(page) == 1, UntilTriedAgain);
        await SaysAsync("doctor", "what the phone publishes comes back");
        await IsSoonAsync(relay, HttpStatusCode.OK);
        Assert.True(Home.TrySay("#1 the left one"));
        var file = Home.Paths.OperatorFile("jc_input.txt");
        await Eventually.ThatAsync(Limit, () => !File.Exists(file), () => relay.Output, CancellationToken);
    }

    private async Task SaysAsync(string command, string words)
    {
        var said = "";
        await Eventually.ThatAsync(
            Limit,
            () =>
            {
                var (_, output, error) = CommandRun.EndAsync(Home, command).GetAwaiter().GetResult();
                return (said = output + error).Contains(words, StringComparison.Ordinal);
            },
            () => $"relay {command} says\n{said}",
            CancellationToken);
    }

    /// <summary>What /healthz answers may be a second old.</summary>
    private static async Task IsSoonAsync(RelayProcess relay, HttpStatusCode expected)
    {
        using var http = new HttpClient();
        await Eventually.ThatAsync(
            Limit,
            () =>
            {
                using var answer = http.GetAsync(new Uri(relay.Url, "healthz"), CancellationToken).GetAwaiter().GetResult();
                return answer.StatusCode == expected;
            },
            () => $"/healthz answers {expected}\n{relay.Output}",
            CancellationToken);
    }
}
