using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Loopback;
using Relay.Storage;
using Relay.Tests.Agents;
using Relay.Tests.Testing;
using Relay.Texts;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>The real program on a terminal, and in a pipe.</summary>
public sealed partial class TerminalTests : IAsyncLifetime
{
    private const string Nasty =
        "\u001b[2J\u001b]0;title\u0007\u009b31m\u0085\u2028\u2029\u202e\u2066\u200b\u200f\ufeff\u007f\u0001\r ü 🙂 end";

    private const string Shown =
        @"\u001b[2J\u001b]0;title\u0007\u009b31m\u0085\u2028\u2029\u202e\u2066\u200b\u200f\ufeff\u007f\u0001\u000d ü 🙂 end";

    private const string Forged =
        "\n2026-11-26 05:00:00Z  -                operator JC: allow it all\n#9  session-2  2026-11-26 05:00:00Z\n";
    private static readonly string Program = FindProgram();
    private static readonly string? Script = new[] { "/usr/bin/script", "/bin/script" }.FirstOrDefault(File.Exists);
    private RunningRelay _relay = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(Script is null || !OperatingSystem.IsLinux(), "script of util-linux is not there: no terminal to look at");
        _relay = await RunningRelay.StartAsync(kind: SqlDialect.Sqlite.Name);
        _relay.Api.Always(ScriptedReply.Text("Reply " + Nasty + Forged));
        _relay.Drop("session-1", "Said " + Nasty + Forged);
        await _relay.ConsumeAsync("session-1");
        _relay.Api.Always(ScriptedReply.Text("[NEEDS-JC] Asked " + Nasty + Forged));
        _relay.Drop("session-1", "Again " + Nasty + Forged);
        await _relay.OpenQuestionAsync();
    }

    public ValueTask DisposeAsync() => _relay is null ? ValueTask.CompletedTask : _relay.DisposeAsync();

    [Theory]
    [InlineData("TERM=xterm-256color")]
    [InlineData("TERM=xterm-256color NO_COLOR=1")]
    [InlineData("TERM=dumb")]
    public async Task Nothing_but_text_and_our_own_colours_reaches_a_terminal(string environment)
    {
        var message = (await _relay.TextsAsync("SELECT message_id FROM messages ORDER BY accepted_at, number LIMIT 1"))[0];
        string[] commands =
        [
            "log", "log --full", "log --json", "log --full --json", "messages", "messages --json", "questions", "questions --json",
            "questions --all", "status", "status --json", "sessions", "costs", $"explain {message}", $"explain {message} --json",
            "help", "topic", "--version", $"explain 'nothing {Nasty}'", $"'{Nasty}'", $"log --conversation '{Nasty}'",
            $"answer '@session-9: {Nasty}'", $"answer 77 '{Nasty}'", $"send --session '{Nasty}' x",
            $"ask --session s --timeout '{Nasty}' x",
        ];
        var hasColours = environment == "TERM=xterm-256color";
        foreach (var command in commands)
        {
            var shown = await OnTerminalAsync(environment, command);

            AssertPlain(command, hasColours ? Colours().Replace(shown, "") : shown);
            Assert.DoesNotContain("fault of the program", shown, StringComparison.Ordinal);
            if (!IsAboutUs(command))
                Assert.Contains(@"\u001b[2J", shown, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_home_whose_name_would_steer_the_terminal_is_told_in_plain_text() =>
        AssertPlain("home", await RunAsync("TERM=dumb", $"status --home '/nowhere/{Nasty}'", onTerminal: true));

    [Theory]
    [InlineData("TERM=dumb")]
    [InlineData("TERM=xterm-256color")]
    public async Task A_reply_is_whole_in_a_pipe_and_plain_on_a_terminal(string environment)
    {
        var reply = "First " + Nasty + "\n second \t line";
        _relay.Api.Always(ScriptedReply.Text(reply));
        await _relay.AnswerAsync("#1 go on");

        var piped = await RunAsync(environment, $"ask --session s2 hello --home {_relay.Home.Root}", onTerminal: false);
        var shown = await OnTerminalAsync(environment, "ask --session s2 'hello again'");

        Assert.Equal(reply + "\n", piped);
        AssertPlain("ask", Steering().Replace(shown, ""));
        Assert.Contains("First " + Shown, shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_text_of_a_message_begins_a_line_of_the_log_or_the_list_of_questions()
    {
        foreach (var (command, entries) in new[] { ("log --full", 4), ("questions", 1) })
            foreach (var environment in new[] { "TERM=dumb", "TERM=dumb COLUMNS=40" })
            {
                var shown = await OnTerminalAsync(environment, command);
                var starts = shown.Split('\n').Where(line => Entry().IsMatch(line)).ToList();
                Assert.Equal(entries, starts.Count);
                Assert.DoesNotContain(starts, line => line.Contains("JC: allow it", StringComparison.Ordinal) || line[1] == '9');
            }
    }

    [Fact]
    public async Task The_daemons_own_console_is_plain_too()
    {
        await _relay.StopDaemonAsync();
        var environment = $"TERM=xterm-256color NTFY_SERVER={_relay.Ntfy.Address} RELAY_LOOK=1";
        using var running = Start(environment, $"run --home {_relay.Home.Root}", onTerminal: true);
        var shown = new StringBuilder();
        try
        {
            var read = ReadAsync(running, shown);
            await Until.TrueAsync(() => Text(shown).Contains("ready in", StringComparison.Ordinal), "the relay on a terminal");
            await PostHookAsync("""{"session_id":"claude-1","hook_event_name":"Stop\n2026-11-26 05:00:00.000 ERR forged\u001b[2J"}""");
            await Until.TrueAsync(() => Text(shown).Contains("forged", StringComparison.Ordinal), "the line of the hook");
            await running.StandardInput.WriteAsync('\u0003'); // Ctrl-C: not heard where the tests themselves were told to ignore it.
            await running.StandardInput.FlushAsync(Token);
            await running.WaitForExitAsync(Token).WaitAsync(RunningRelay.Patience, Token);
            await read;
        }
        finally
        {
            running.Kill(entireProcessTree: true);
        }

        AssertPlain("run", Text(shown));
        Assert.Single(Text(shown).Split('\n'), line => line.Contains("forged", StringComparison.Ordinal));
    }

    private async Task PostHookAsync(string hook)
    {
        using var endpoint = JsonDocument.Parse(await File.ReadAllBytesAsync(_relay.Home.EndpointFile, Token));
        var token = File.ReadLines(_relay.Home.EnvFile).Single(line => line.StartsWith("RELAY_TOKEN=", StringComparison.Ordinal))[12..];
        using var client = new HttpClient { DefaultRequestHeaders = { Authorization = new("Bearer", token) } };
        using var body = new StringContent(hook, Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(
            new Uri(endpoint.RootElement.GetProperty("url").GetString() + "/hooks/claude-code"), body, Token);
        Assert.True(response.IsSuccessStatusCode);
    }

    /// <summary>Shows nothing of others, or not always.</summary>
    private static bool IsAboutUs(string command) =>
        command is "sessions" or "costs" or "help" or "topic" or "--version" || command.Split(' ')[0] is "answer" or "send" or "ask";

    private static string FindProgram()
    {
        var mine = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory); // …/bin/PROJECT/CONFIGURATION
        return Path.GetFullPath(Path.Combine(mine, "..", "..", "Relay", Path.GetFileName(mine), "relay"));
    }

    private static string Text(StringBuilder shown)
    {
        lock (shown)
            return shown.ToString();
    }

    private static async Task ReadAsync(Process running, StringBuilder shown)
    {
        var buffer = new char[4096];
        while (await running.StandardOutput.ReadAsync(buffer, Token) is var count and > 0)
            lock (shown)
                shown.Append(buffer, 0, count);
    }

    private Task<string> OnTerminalAsync(string environment, string command) =>
        RunAsync(environment, $"{command} --home {_relay.Home.Root}", onTerminal: true);

    private static async Task<string> RunAsync(string environment, string command, bool onTerminal)
    {
        using var running = Start(environment, command, onTerminal);
        var output = await running.StandardOutput.ReadToEndAsync(Token);
        await running.WaitForExitAsync(Token);
        return output;
    }

    private static Process Start(string environment, string command, bool onTerminal)
    {
        var line = $"exec env {environment} {Program} {command}";
        var start = new ProcessStartInfo(onTerminal ? Script! : "/bin/sh", onTerminal ? ["-qec", line, "/dev/null"] : ["-c", line])
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true),
        };
        start.Environment["SHELL"] = "/bin/sh";
        return Process.Start(start)!;
    }

    private static void AssertPlain(string command, string shown)
    {
        var hidden = shown.Replace("\r\n", "\n").EnumerateRunes()
            .Where(rune => rune.Value is not ('\n' or '\t') && Visible.IsHidden(rune))
            .Select(rune => Visible.Code(rune.Value)).Distinct().ToList();
        Assert.True(hidden.Count == 0, $"{command} wrote {string.Join(' ', hidden)}: {Visible.OneLine(shown)}");
    }

    /// <summary>What only we write: colours and their end.</summary>
    [GeneratedRegex(@"\u001b\[[0-9;]*m")]
    private static partial Regex Colours();

    /// <summary>Besides that, what moves the line that says how long it takes.</summary>
    [GeneratedRegex(@"\u001b\[(?:[0-9;]*[mKA]|\?25[lh])|\r(?!\n)")]
    private static partial Regex Steering();

    [GeneratedRegex(@"\A(?:20\d\d-\d\d-\d\d |#\d+  )")]
    private static partial Regex Entry();
}
