using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

public sealed class OutageScenarios : Stage
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Less than the 20 s after which the relay gives a page up that gets no answer: nothing waits even for that.</summary>
    private static readonly TimeSpan Undelayed = TimeSpan.FromSeconds(15);

    /// <summary>The next attempt is at most about as far away as the server was gone.</summary>
    private static readonly TimeSpan UntilTriedAgain = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task When_the_api_is_down_everything_waits_and_is_answered_once_it_is_back()
    {
        await using var one = new Session(Home, "session-1");
        await using var two = new Session(Home, "session-2");
        await Api.DisposeAsync();
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        for (var number = 1; number <= 10; number++)
            (number % 2 == 1 ? one : two).Say($"message {number}");
        await Eventually.ThatAsync(Limit, () => Failures() >= 2, () => $"{Failures()} failed calls", CancellationToken);

        await BringApiBackAsync();
        await Eventually.ThatAsync(
            Limit, () => one.Count + two.Count == 10, () => $"{one.Count + two.Count} replies\n{relay.Output}", CancellationToken);

        Assert.Equal([1, 3, 5, 7, 9], one.Received.Select(NumberIn));
        Assert.Equal([2, 4, 6, 8, 10], two.Received.Select(NumberIn));
        Assert.Equal(10, Api.Requests.Count);
    }

    [Theory]
    [InlineData("refuses connections")]
    [InlineData("never answers")]
    [InlineData("answers 500")]
    public async Task When_ntfy_is_down_no_message_is_delayed_and_the_pages_come_later(string fault)
    {
        await using var session = new Session(Home, "session-1");
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which one?"), ScriptedReply.Text("As ruled."), ScriptedReply.Text("At once."));
        if (fault == "refuses connections")
            await Ntfy.DisposeAsync();
        else
            Ntfy.Always(fault == "never answers" ? NtfyFault.Hang() : NtfyFault.Status(500));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);

        session.Say("first");
        await Eventually.ThatAsync(Limit, () => Questions("open") == 1, () => "no question", CancellationToken);
        Assert.True(Home.TrySay("the left one"));
        await Eventually.ThatAsync(Undelayed, () => session.Count == 1, () => "no first reply", CancellationToken);
        session.Say("second");
        await Eventually.ThatAsync(Undelayed, () => session.Count == 2, () => "no second reply", CancellationToken);
        var seenWhileDown = Ntfy.Pages.Count;
        if (fault == "refuses connections")
            await BringNtfyBackAsync();
        Ntfy.Always(null);
        Ntfy.ReleaseHung();
        var online = await Ntfy.WaitForPageAsync(page => page.Title.Contains("online", StringComparison.Ordinal), UntilTriedAgain);

        Assert.Equal(0, seenWhileDown);
        Assert.Equal(["As ruled.", "At once."], session.Received.Select(reply => reply.Text));
        Assert.NotNull(online);
        // The question was answered before its page could be sent, so the page was dropped.
        Assert.DoesNotContain(Ntfy.Pages, page => OperatorAtPhone.QuestionOf(page) is not null);
    }

    private static int NumberIn(Received reply) => int.Parse(reply.Text.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);

    private long Failures() => Count("SELECT COUNT(*) FROM calls WHERE state = 'failed'");

    private long Questions(string state) => Count($"SELECT COUNT(*) FROM questions WHERE state = '{state}'");

    private long Count(string sql) => Home.CountAsync(sql, CancellationToken).GetAwaiter().GetResult();
}
