using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Relay.Texts;
using Xunit;

namespace Relay.Scenarios.Watching;

/// <summary>relay watch on a terminal of eighty columns and twenty-four rows.</summary>
public sealed partial class WatchScenarios : Stage
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_question_appears_without_a_key_is_answered_in_place_and_the_reply_reaches_the_session()
    {
        Api.Enqueue(
            ScriptedReply.Text("[NEEDS-JC] Forbid it or merge them?\n- (a) Merge them (recommended)\n- (b) Forbid it"),
            ScriptedReply.Text("Merged."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-2");
        await using var terminal = await WatchTerminal.OpenAsync(Home);
        await terminal.SeesAsync("Nothing waits for you");

        session.Say("Two users own one key.");
        await terminal.SeesAsync("1 question waits for you");
        await terminal.SeesAsync("- (b) Forbid it");
        await terminal.SeesAsync("session-2  waits for you");
        terminal.Press("a");
        await terminal.SeesAsync("answer #1> a  = Merge them (recommended)");
        terminal.Press("Enter");

        await terminal.SeesAsync("answered question #1 of session-2");
        await Eventually.ThatAsync(Soon, () => session.Count == 1, () => "the reply", CancellationToken);
        Assert.Equal("Merged.", session.Received[0].Text);
        await terminal.SeesAsync("taken by session-2");
        await terminal.SeesAsync("Nothing waits for you");
        Say(terminal.Screen);
    }

    [Fact]
    public async Task Of_two_who_answer_at_once_one_is_told_who_was_first_and_keeps_his_words()
    {
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which?"), ScriptedReply.Text("Done."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-1");
        session.Say("Which?");
        await using var first = await WatchTerminal.OpenAsync(Home);
        await using var second = await WatchTerminal.OpenAsync(Home);
        await first.SeesAsync("> #1");
        await second.SeesAsync("> #1");
        first.Type("The left one");
        second.Type("The right one");
        await first.SeesAsync("answer #1> The left one");
        await second.SeesAsync("answer #1> The right one");

        first.Press("Enter");
        await first.SeesAsync("answered question #1");
        await second.SeesAsync("by relay watch: The left one");
        second.Press("Enter");

        await second.SeesAsync("not sent: question #1 was answered by relay watch at");
        await second.SeesAsync("answer #1> The right one");
        await Eventually.ThatAsync(Soon, () => session.Count == 1, () => "the reply", CancellationToken);
    }

    [Fact]
    public async Task It_ends_quietly_with_the_window_in_which_it_runs_alone()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var terminal = await WatchTerminal.OpenAloneAsync(Home);

        Assert.Equal("", await terminal.CloseAsync());
    }

    [Fact]
    public async Task Whatever_others_write_stays_text()
    {
        const string nasty = "\u001b[2J\u001b]0;title\u0007\u009b31m\u202eright to left\u202c \u200b\r<b>bold</b>\tend";
        Api.Always(ScriptedReply.Text($"[NEEDS-JC] {nasty}\n- (a) {nasty}\n\n{new string('x', 1_000_000)}"));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        Home.Drop("session-1", "Said " + nasty);

        await using var terminal = await WatchTerminal.OpenAsync(Home);
        await terminal.SeesAsync("> #1");
        await terminal.SeesAsync("PgDn");
        await terminal.SeesAsync(@"\u001b[2J\u001b]0;title\u0007\u009b31m\u202eright to left\u202c \u200b");
        terminal.Press("PageDown");
        terminal.Press("a");
        await terminal.SeesAsync(@"> a  = \u001b[2J");

        await Eventually.ThatAsync( // What is written at this moment may end in the midst of what steers the terminal.
            Soon, () => Hidden(terminal.Written).Count == 0, () => $"written: {string.Join(' ', Hidden(terminal.Written))}",
            CancellationToken);
        Assert.All(terminal.Screen.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData(RelayProcess.Terminate)]
    [InlineData(RelayProcess.Interrupt)]
    [InlineData(1)] // SIGHUP
    [InlineData(3)] // SIGQUIT
    [InlineData(0)] // q
    [InlineData(-3)] // Ctrl-C
    public async Task However_it_ends_the_terminal_is_as_it_was(int signal)
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var terminal = await WatchTerminal.OpenAsync(Home);
        await terminal.SeesAsync("Nothing waits for you");

        if (signal > 0)
            Assert.Equal(0, Kill(terminal.ProgramId, signal));
        else
            terminal.Press(signal == 0 ? "q" : "C-c");

        await terminal.IsRestoredAsync();
    }

    [Fact]
    public async Task A_permission_is_given_only_after_all_of_it_was_on_the_screen()
    {
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var terminal = await WatchTerminal.OpenAsync(Home);
        var asked = AskAsync(relay, $"echo {string.Join("\necho ", Enumerable.Range(1, 60))}\nrm -rf everything");
        await terminal.SeesAsync("permission");
        terminal.Press("a");
        await terminal.SeesAsync("= allow this once");
        terminal.Press("Enter");
        await terminal.SeesAsync("not sent: all of it has to be on the screen first");
        Assert.False(asked.IsCompleted);

        for (var page = 1; page <= 60 && !terminal.Screen.Contains("rm -rf everything", StringComparison.Ordinal); page++)
        {
            var before = terminal.Screen;
            terminal.Press("PageDown"); // What was not drawn cannot be gone past, so each page is waited for.
            await Eventually.ThatAsync(Soon, () => terminal.Screen != before, () => $"no page further:\n{before}", CancellationToken);
        }
        await terminal.SeesAsync("rm -rf everything");
        terminal.Press("Enter");

        Assert.Contains("\"allow\"", await asked.WaitAsync(Soon, CancellationToken), StringComparison.Ordinal);
        await terminal.SeesAsync("is answered: allowed");
    }

    [Fact]
    public async Task When_the_relay_goes_down_it_is_said_what_is_written_stays_and_it_comes_back()
    {
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which?"), ScriptedReply.Text("Done."));
        var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-1");
        session.Say("Which?");
        await using var terminal = await WatchTerminal.OpenAsync(Home);
        await terminal.SeesAsync("> #1");
        terminal.Type("The left");
        await terminal.SeesAsync("answer #1> The left");

        relay.Signal(RelayProcess.Terminate);
        await relay.ExitAsync(Soon);
        await relay.DisposeAsync();
        await terminal.SeesAsync("the relay does not answer since");
        terminal.Type(" one");
        terminal.Press("Enter");
        await terminal.SeesAsync("not sent: the relay is not running; your words stay here");
        await using var again = await RelayProcess.StartAsync(Home, CancellationToken);
        await terminal.SeesAsync("the relay is back");
        await terminal.SeesAsync("answer #1> The left one");
        terminal.Press("Enter");

        await terminal.SeesAsync("answered question #1");
        await Eventually.ThatAsync(Soon, () => session.Count == 1, () => "the reply", CancellationToken);
    }

    [Fact]
    public async Task What_is_said_unasked_is_answered_here()
    {
        Api.Always(ScriptedReply.Text("Heard, and noted: no deploys on Fridays."));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var terminal = await WatchTerminal.OpenAsync(Home);
        await terminal.SeesAsync("Nothing waits for you");

        terminal.Press("Enter"); // So that q and ? are text.
        terminal.Type("quiet, please? No deploys on Fridays.");
        terminal.Press("Enter");

        await terminal.SeesAsync("the advisor replied to you at");
        await terminal.SeesAsync("You said in default: quiet, please? No deploys on Fridays.");
        Say(await terminal.SeesAsync("Heard, and noted: no deploys on Fridays."));
    }

    [Fact]
    public async Task It_is_drawn_anew_at_any_size_and_a_pasted_line_break_sends_nothing()
    {
        Api.Enqueue(ScriptedReply.Text("[NEEDS-JC] Which?"), ScriptedReply.Text("Done."), ScriptedReply.Text("[NEEDS-JC] And now?"));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        await using var session = new Session(Home, "session-1");
        session.Say("Which?");
        await using var terminal = await WatchTerminal.OpenAsync(Home);
        await terminal.SeesAsync("> #1");
        terminal.Paste("First line\nsecond line\n");
        await terminal.SeesAsync("First line ⏎ second line ⏎");

        foreach (var (columns, rows) in new[] { (60, 15), (20, 5), (40, 10), (120, 40), (80, 24) })
        {
            terminal.Resize(columns, rows);
            await terminal.SeesAsync(columns < 30 ? "too small" : "second line");
            await terminal.SeesAsync(columns < 30 ? "too small" : "1 question waits for you");
        }
        Assert.Empty(session.Received);
        terminal.Press("Enter");

        await terminal.SeesAsync("answered question #1");
        await Eventually.ThatAsync(Soon, () => session.Count == 1, () => "the reply", CancellationToken);
        Assert.Contains(@"First line\nsecond line", Api.Requests[^1].Body.ToString()!, StringComparison.Ordinal);
        session.Say("And now?");
        await terminal.SeesAsync("> #2");
    }

    [Fact]
    public async Task A_question_is_chosen_by_its_number_and_what_is_written_stays_with_its_own()
    {
        Api.Always(ScriptedReply.Text("[NEEDS-JC] Which?"));
        await using var relay = await RelayProcess.StartAsync(Home, CancellationToken);
        Home.Drop("session-1", "Which?");
        await using var terminal = await WatchTerminal.OpenAsync(Home);
        await terminal.SeesAsync("> #1");
        var asked = AskAsync(relay, "make deploy");
        await terminal.SeesAsync("2 questions wait for you");

        terminal.Type("For one");
        await terminal.SeesAsync("answer #1> For one");
        terminal.Press("Down");
        await terminal.SeesAsync("> #2");
        terminal.Press("#", "1");
        await terminal.SeesAsync("answer #1> For one");
        terminal.Press("Down");
        terminal.Type("deny not today");
        terminal.Press("Enter");

        Assert.Contains("not today", await asked.WaitAsync(Soon, CancellationToken), StringComparison.Ordinal);
        await terminal.SeesAsync("answer #1> For one");
        terminal.Press("C-u");
        terminal.Press("?");
        await terminal.SeesAsync("Any key goes back.");
        terminal.Press("x");
        await terminal.SeesNoMoreAsync("Any key goes back.");
        terminal.Press("q");
        await terminal.IsRestoredAsync();
    }

    private static async Task<string> AskAsync(RelayProcess relay, string command)
    {
        using var http = new HttpClient { BaseAddress = relay.Url };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ScenarioHome.OperatorToken);
        http.DefaultRequestHeaders.Add("X-Relay-Session", "shop");
        var hook = new
        {
            hook_event_name = "PermissionRequest",
            session_id = "0c8f2b11-3f7e-4f0e-9d6a-3f9f4f9a0a9e",
            cwd = "/projects/shop",
            tool_name = "Bash",
            tool_input = new { command },
        };
        using var answer = await http.PostAsJsonAsync("/hooks/claude-code", hook, CancellationToken);
        return await answer.Content.ReadAsStringAsync(CancellationToken);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    private static List<string> Hidden(string written) =>
        [.. Steering().Replace(written, "").EnumerateRunes()
            .Where(rune => rune.Value is not ('\n' or '\r') && Visible.IsHidden(rune))
            .Select(rune => Visible.Code(rune.Value)).Distinct()];

    /// <summary>What only we write.</summary>
    [GeneratedRegex(@"\u001b\[(?:[0-9;]*[mHKJ]|\?(?:25|1049|2004)[lh])")]
    private static partial Regex Steering();
}
