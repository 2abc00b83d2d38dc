using System.Text.Json.Nodes;
using Relay.Agents.Connect;
using Relay.Loopback;
using Relay.Tests.Agents;
using Relay.Tests.Http;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What the hooks do, and what the user sees, where there is no curl, no program, or no relay any more.</summary>
public sealed class UnreachedRelayTests : IDisposable
{
    private const string Gone = "Relay does not answer any more";

    private readonly HookShell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public async Task Without_curl_the_program_hands_an_event_over_and_brings_the_reply()
    {
        await using var relay = await RunningRelay.StartAsync();
        relay.Api.Always(ScriptedReply.Text("Use the queue."));
        var script = await ScriptAsync(relay, withCurl: false);

        var prompt = await _shell.RunAsync(script + " 20", "UserPromptSubmit");
        var active = await relay.TextsAsync("SELECT state FROM agents");
        var stop = await _shell.RunAsync(
            script + " 20 X-Relay-Session:shop-3 X-Relay-Mode:relay", "Stop", new { last_assistant_message = "Queue?" });

        Assert.Equal((0, ""), (prompt.Exit, prompt.Error));
        Assert.Equal(["active"], active);
        Assert.Equal((0, ""), (stop.Exit, stop.Error));
        var answer = JsonNode.Parse(stop.Output)!;
        Assert.Equal("block", (string?)answer["decision"]);
        Assert.EndsWith("Use the queue.", (string?)answer["reason"], StringComparison.Ordinal);
        Assert.StartsWith("[shop-3] Queue?", relay.Api.Requests[0].LastUserText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UserPromptSubmit")]
    [InlineData("Stop")]
    public async Task Without_curl_and_without_the_program_it_is_silent_and_forbids_nothing(string hook)
    {
        await using var relay = await RunningRelay.StartAsync();
        var script = await ScriptAsync(relay, withCurl: false, program: "/nowhere/relay");

        Assert.Equal((0, "", ""), await _shell.RunAsync(script + " 20 tell", hook));
    }

    /// <summary>Told twice, an event may be answered twice: the second time by a call that is paid for.</summary>
    [Theory]
    [InlineData("settings.local.json", """{"command": "sh /r/relay-hook 4 || :"}""", 0)]
    [InlineData("settings.json", """{"url": "http://127.0.0.1:7420/hooks/claude-code"}""", 0)]
    [InlineData("settings.json", """{"command": "another"}""", 1)]
    [InlineData("settings.local.json.note", "/relay-hook", 1)]
    public async Task A_plugin_leaves_an_event_to_the_hooks_of_the_project(string file, string content, int agents)
    {
        await using var relay = await RunningRelay.StartAsync();
        _shell.Token = (await Connected.AsAsync(relay, "shop")).Token;
        var script = "sh " + _shell.Write(new HookScript(relay.Home.Root, relay.Daemon.Url, Programs.Relay), folder: "hooks");
        var settings = Directory.CreateDirectory(Path.Combine(_shell.Project, ".claude")).FullName;
        await File.WriteAllTextAsync(Path.Combine(settings, file), content, TestContext.Current.CancellationToken);

        var ran = await _shell.RunAsync(script + " 4", "UserPromptSubmit");

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        Assert.Equal(agents, await relay.CountAsync("SELECT COUNT(*) FROM agents"));
    }

    /// <summary>With exit code 2, which a shell has for a script that it does not find, a hook forbids what it was run for.</summary>
    [Fact]
    public async Task A_script_that_is_gone_forbids_nothing()
    {
        var ran = await _shell.RunAsync(HookScript.Command("/nowhere/relay-hook", 4, []), "UserPromptSubmit");

        Assert.Equal((0, ""), (ran.Exit, ran.Output));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task That_the_relay_went_down_is_told_once_and_again_only_after_it_was_reached(bool withCurl)
    {
        await using var relay = await RunningRelay.StartAsync();
        var script = await ScriptAsync(relay, withCurl);
        var (prompt, tool) = (script + " 4 tell", script + " 4");
        Assert.Contains("{", (await _shell.RunAsync(prompt, "UserPromptSubmit")).Output, StringComparison.Ordinal);
        await relay.StopDaemonAsync();

        Assert.DoesNotContain(Gone, (await _shell.RunAsync(tool, "PostToolUse")).Output, StringComparison.Ordinal);
        var (exit, output, error) = await _shell.RunAsync(prompt, "UserPromptSubmit");
        var told = (string?)JsonNode.Parse(output)!["systemMessage"];
        Assert.Equal((0, ""), (exit, error));
        Assert.StartsWith(Gone, told, StringComparison.Ordinal);
        Assert.EndsWith($"relay run --home {relay.Home.Root}", told, StringComparison.Ordinal);
        foreach (var hook in (string[])["Stop", "UserPromptSubmit"])
            Assert.DoesNotContain(Gone, (await _shell.RunAsync(prompt, hook)).Output, StringComparison.Ordinal);
        _shell.Client = "4712";
        Assert.Contains(Gone, (await _shell.RunAsync(prompt, "Stop")).Output, StringComparison.Ordinal); // Another window.

        await relay.StartDaemonAsync();
        await _shell.RunAsync(tool, "PostToolUse");
        await relay.StopDaemonAsync();
        Assert.Contains(Gone, (await _shell.RunAsync(prompt, "Stop")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_session_was_told_at_its_start_its_first_prompt_does_not_repeat()
    {
        await using var relay = await RunningRelay.StartAsync();
        var script = await ScriptAsync(relay);
        var start = $"{Programs.Relay} hook session-start --home {relay.Home.Root} --url {relay.Daemon.Url} --form 2";
        await relay.StopDaemonAsync();

        var told = await _shell.RunAsync(start, "SessionStart", new { source = "startup" });
        var prompt = await _shell.RunAsync(script + " 4 tell", "UserPromptSubmit");

        Assert.Contains("Relay is not connected: nothing answers", (string?)JsonNode.Parse(told.Output)!["systemMessage"]);
        Assert.Equal((0, "", ""), prompt);
    }

    [Fact]
    public async Task An_event_that_the_relay_refuses_is_told_as_that()
    {
        await using var relay = await RunningRelay.StartAsync();
        await ScriptAsync(relay);
        var start = $"{Programs.Relay} hook session-start --home {relay.Home.Root} --url {relay.Daemon.Url} --form 2";

        var told = await _shell.RunAsync(start, "SessionStart", new { session_id = new string('a', 300) });

        var message = (string?)JsonNode.Parse(told.Output)!["systemMessage"];
        Assert.Contains("it refuses this event (HTTP 400: the JSON of a Claude Code hook event", message, StringComparison.Ordinal);
        Assert.DoesNotContain("is no relay", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "by an older version")]
    [InlineData(2, null)]
    [InlineData(9, "by a newer version")]
    public async Task Entries_of_another_version_are_told(int form, string? words)
    {
        await using var relay = await RunningRelay.StartAsync();
        await ScriptAsync(relay);
        var start = $"{Programs.Relay} hook session-start --home {relay.Home.Root} --url {relay.Daemon.Url} --form {form}";

        var told = JsonNode.Parse((await _shell.RunAsync(start, "SessionStart", new { source = "startup" })).Output)!;

        Assert.Contains(words ?? "", (string?)told["systemMessage"] ?? "", StringComparison.Ordinal);
        Assert.Equal(words is null, told["systemMessage"] is null);
    }

    [Fact]
    public async Task A_relay_that_is_killed_while_a_stop_is_held_is_told_too()
    {
        await using var relay = await RunningRelay.StartAsync();
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var script = "sh " + _shell.Write(new HookScript("", $"http://{listener.LocalEndpoint}", Programs.Relay));
        _shell.Token = "any.token";

        var stop = _shell.RunAsync(script + " 20 tell X-Relay-Mode:relay", "Stop");
        using (var held = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken))
            await held.ReceiveAsync(new byte[4_096], TestContext.Current.CancellationToken);

        Assert.Contains("Relay does not answer any more (http://127.0.0.1:", (await stop).Output, StringComparison.Ordinal);
    }

    private async Task<string> ScriptAsync(RunningRelay relay, bool withCurl = true, string? program = null)
    {
        _shell.Token = (await Connected.AsAsync(relay, "shop")).Token;
        var script = new HookScript(relay.Home.Root, relay.Daemon.Url, program ?? Programs.Relay);
        return "sh " + _shell.Write(script, withCurl);
    }
}
