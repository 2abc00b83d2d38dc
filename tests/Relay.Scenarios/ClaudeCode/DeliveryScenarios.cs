using System.Diagnostics;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>Every reply reaches its session, once, whatever its window does meanwhile. The limit after which the client moves a call to the
/// background is lowered, so that a test does not take the two minutes that it has.</summary>
public sealed class DeliveryScenarios : DeliveryStage
{
    /// <summary>What the client asks before it ends while a call is in the background.</summary>
    private const string ExitDialog = "Background work is running", StopAndExit = "1. Exit and stop tasks";

    [Fact]
    public async Task An_answer_after_the_call_went_to_the_background_reaches_the_idle_session_once()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Soon);
        await AskAsync(model, terminal);
        await EventuallyAsync("tool_uses", "task IS NOT NULL");
        await EventuallyAsync("agents", "state = 'idle'");

        var answered = await AnswerAsync();
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        await AssertOnceAsync(model, terminal, answered, "in the background");
    }

    [Fact]
    public async Task What_comes_while_the_exit_dialog_is_open_is_there_when_the_session_goes_on()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using (var terminal = await OpenAsync(model, Soon))
        {
            await AskAsync(model, terminal);
            await EventuallyAsync("agents", "state = 'idle'");
            await terminal.TypeAsync("/exit");
            await terminal.SeesAsync(ExitDialog);
            await AnswerAsync();
            await EventuallyAsync("dispatches", "handed_at IS NOT NULL");
            Assert.Equal(0, await CountAsync("dispatches", "state = 'consumed'"));
            await terminal.SeesAsync(StopAndExit);
            await terminal.PressUntilAsync("Enter", "ended with");
        }
        Assert.DoesNotContain(model.Turns, turn => turn.Everything.Contains(Reply, StringComparison.Ordinal));

        await using var again = await OpenAsync(model, Soon, "--continue");
        var opened = Stopwatch.StartNew();
        await EventuallyAsync("agents", "state <> 'ended'");
        await again.SeesAsync("❯");
        await again.TypeAsync("go on");
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        await AssertOnceAsync(model, again, opened, "after the exit dialog");
    }

    [Fact]
    public async Task A_session_that_is_moved_to_the_background_has_the_name_and_the_reply()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Soon);
        await AskAsync(model, terminal);
        await EventuallyAsync("agents", "state = 'idle'");
        await terminal.TypeAsync("/exit");
        await terminal.SeesAsync(ExitDialog);
        await terminal.PressUntilAsync("Down", "❯ 2.");
        await terminal.PressUntilAsync("Enter", "ended with");
        await EventuallyAsync("agents", "state = 'ended'");
        try
        {
            await EventuallyAsync("agents", "session_id = 'project' AND state <> 'ended' AND owns_name = 1");
            var answered = await AnswerAsync();
            await SaysAsync(model, Reply);

            await EventuallyAsync("dispatches", "state = 'consumed'");
            await AssertOnceAsync(model, terminal: null, answered, "to its fork");
        }
        finally
        {
            KillClients();
        }
    }

    [Theory]
    [InlineData("--continue")]
    [InlineData(null)]
    public async Task A_window_that_is_killed_frees_its_name_and_the_next_has_its_reply(string? option)
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using (var terminal = await OpenAsync(model, Soon))
        {
            await AskAsync(model, terminal);
            await EventuallyAsync("agents", "state = 'idle' AND client IS NOT NULL");
            KillClients();
            await terminal.SeesAsync("ended with");
        }
        await AnswerAsync();

        await using var next = await OpenAsync(model, Soon, option is null ? [] : [option]);
        var opened = Stopwatch.StartNew();
        await next.SeesAsync("❯");
        await next.TypeAsync("go on");
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        Assert.Equal(0, await CountAsync("sessions", "session_id = 'project-2'"));
        await AssertOnceAsync(model, next, opened, "after a kill");
    }

    [Theory]
    [InlineData("/clear")]
    [InlineData("/compact")]
    public async Task What_the_user_does_to_the_conversation_does_not_keep_the_reply_from_it(string command)
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Soon);
        await AskAsync(model, terminal);
        await EventuallyAsync("agents", "state = 'idle'");
        await terminal.TypeAsync(command);
        await terminal.SeesAsync(command == "/clear" ? "❯" : "Compacted");
        if (command == "/clear")
            await EventuallyAsync("agents", "state = 'ended'");

        var answered = await AnswerAsync();
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        Assert.Equal(0, await CountAsync("sessions", "session_id = 'project-2'"));
        await AssertOnceAsync(model, terminal, answered, "after " + command);
    }

    [Fact]
    public async Task An_interrupted_call_leaves_an_idle_session_that_is_woken_by_the_reply()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Never);
        await AskAsync(model, terminal);
        await terminal.PressUntilAsync("Escape", "Interrupted");
        await EventuallyAsync("agents", "state = 'idle'");

        var answered = await AnswerAsync();
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        await AssertOnceAsync(model, terminal, answered, "after Esc");
        Assert.DoesNotContain("ModelContextProtocol", Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_kill_of_the_relay_in_the_middle_of_a_call_the_reply_reaches_the_idle_session()
    {
        var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using var terminal = await OpenAsync(model, Soon);
        await AskAsync(model, terminal);
        await EventuallyAsync("agents", "state = 'idle'");
        await relay.KillAsync();
        await using var next = await StartRelayAsync();

        var answered = await AnswerAsync();
        await SaysAsync(model, Reply);

        await EventuallyAsync("dispatches", "state = 'consumed'");
        await AssertOnceAsync(model, terminal, answered, "after a kill of the relay");
    }

    [Fact]
    public async Task After_continue_a_waiter_is_always_there()
    {
        await using var relay = await BeginAsync();
        await using var model = await ModelAsync();
        await using (var terminal = await OpenAsync(model, Soon))
        {
            await terminal.TypeAsync("hello");
            await EventuallyAsync("agents", "state = 'idle' AND stops > 0");
        }
        await EventuallyAsync("agents", "state = 'ended'");
        for (var run = 1; run <= 4; run++)
        {
            await using (var terminal = await OpenAsync(model, Soon, "--continue"))
            {
                await EventuallyAsync("agents", "state = 'idle'");
                var said = Stopwatch.StartNew();
                await Home.SayAsync($"@project: word {run}");
                await SaysAsync(model, $"word {run}");
                TestContext.Current.SendDiagnosticMessage($"after --continue, run {run}: {said.Elapsed.TotalSeconds:0.0} s");
            }
            await EventuallyAsync("agents", "state = 'ended'");
        }
    }
}
