using System.Diagnostics;
using System.Globalization;
using System.Net;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;
using Handset = Relay.Loopback.Phone;

namespace Relay.Scenarios.Phone;

/// <summary>A page appears on the phone, a tap answers it, and the reply lies in the session's folder within a second of the tap. A kill of
/// the relay in between loses none.</summary>
public sealed class AnsweredByTapScenario : Stage
{
    private const string Running = "running", Killed = "killed before the tap", Tapped = "killed, tapped, with the program's start";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    protected override string Config => "page_buttons: every-reader-may-answer\n";

    [Fact]
    public async Task A_tap_brings_the_reply_into_the_sessions_folder_within_a_second_and_none_is_lost_over_kills()
    {
        await using var session = new Session(Home, "session-2");
        var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        List<(string When, double Milliseconds)> figures = [];
        for (var number = 1; number <= 6; number++)
        {
            Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Merge?\n- (a) Merge\n- (b) Wait"), ScriptedReply.Text($"Ruled {number}."));
            session.Say($"question {number}");
            var page = await Ntfy.WaitForPageAsync(each => OperatorAtPhone.QuestionOf(each) == number, Limit);
            if (number == 4)
                relay = await AgainAsync(relay);
            var began = Stopwatch.GetTimestamp();
            if (number == 5) // The tap comes while no relay is there.
            {
                await relay.KillAsync();
                await TapAsync(page);
                began = Stopwatch.GetTimestamp();
                relay = await AgainAsync(relay);
            }
            else
                await TapAsync(page);
            await Eventually.ThatAsync(Limit, () => session.Count == number, () => $"no reply {number}\n{relay.Output}", CancellationToken);
            var taken = Math.Max(0, Stopwatch.GetElapsedTime(began, session.Received[^1].Ticks).TotalMilliseconds);
            figures.Add((number == 4 ? Killed : number == 5 ? Tapped : Running, taken));
            var receipt = await Ntfy.WaitForPageAsync(
                each => each.SequenceId == page.SequenceId && each.Message == "answered: b, delivered to session-2", Limit);
            Assert.Equal($"Answered (#{number}), ruling {number}, delivered to session-2", receipt.Title);
        }
        await relay.DisposeAsync();

        Assert.Equal(Enumerable.Range(1, 6).Select(number => $"Ruled {number}."), session.Received.Select(reply => reply.Text));
        AssertSoon(figures);
    }

    /// <summary>Within a second, unless the machine is busy with more than this: then the start of a program takes its time.</summary>
    private static void AssertSoon(List<(string When, double Milliseconds)> figures)
    {
        foreach (var (when, milliseconds) in figures)
            Say(string.Create(CultureInfo.InvariantCulture, $"tap to the session's folder, {when}: {milliseconds:0} ms"));
        var running = figures.Where(figure => figure.When == Running).Select(figure => figure.Milliseconds).Order().ToList();
        Assert.InRange(running[running.Count / 2], 0, 1_000);
        Assert.InRange(figures.Single(figure => figure.When == Killed).Milliseconds, 0, 5_000);
        Assert.All(figures, figure => Assert.InRange(figure.Milliseconds, 0, 10_000));
    }

    private async Task<RelayProcess> AgainAsync(RelayProcess relay)
    {
        if (!relay.HasExited)
            await relay.KillAsync();
        await relay.DisposeAsync();
        return await RelayProcess.StartAsync(Home, CancellationToken);
    }

    private static async Task TapAsync(Page page) =>
        Assert.Equal(HttpStatusCode.OK, await Handset.TapAsync(page, "b: Wait", CancellationToken));
}
