using System.Diagnostics;
using System.Text.Json.Nodes;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.ClaudeCode;

/// <summary>From a project and a client that know nothing of each other to a session that is connected, each way.</summary>
public sealed class WayInScenarios : ClaudeStage
{
    private const string Allowed = "mcp__relay__ask_advisor,mcp__plugin_relay_relay__ask_advisor";

    [Fact]
    public async Task A_project_is_connected_without_an_export_a_question_or_a_trace_in_version_control()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."), ScriptedReply.Text("[DONE]"));
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(AskOnce);
        var client = ClientWithPath(model);
        client.Seed(Project);
        await RunAsync(client, Project, "git", "init", "-q");

        var connected = await RelayAsync(client, Project, "connect", "claude-code", "--project", Project, "--mode", "relay");
        var status = await RunAsync(client, Project, "git", "status", "--porcelain", "-uall");
        var run = await client.RunAsync(Project, "do the work", "--allowedTools", Allowed);
        await using var terminal = await Tmux.StartAsync(Project, client.Environment, ClientProgram());
        await terminal.SeesAsync("❯");
        await terminal.TypeAsync("/mcp");
        var servers = await terminal.SeesAsync("4 tools");
        await RelayAsync(client, Project, "disconnect", "claude-code", "--project", Project);

        Say(connected);
        Assert.Equal("", status);
        Assert.Contains("Use the queue.", run.Result, StringComparison.Ordinal);
        Assert.Contains("Relay is connected: this session is project;", model.Turns[0].Everything, StringComparison.Ordinal);
        Assert.StartsWith("[project] heard:", Said(Api.Requests[1]), StringComparison.Ordinal); // By the hook at Stop.
        Assert.Contains("Local MCPs", servers, StringComparison.Ordinal);
        Assert.DoesNotContain("New MCP server found", servers, StringComparison.Ordinal);
        Assert.DoesNotContain("relay", await RunAsync(client, Project, ClientProgram(), "mcp", "list"), StringComparison.Ordinal);
        Assert.Equal([".git"], Directory.EnumerateFileSystemEntries(Project).Select(Path.GetFileName));
    }

    /// <summary>As where the client is no program in PATH: the server is in .mcp.json then, which the client would ask about.</summary>
    [Fact]
    public async Task Without_the_client_at_hand_there_is_no_trust_question_either()
    {
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(_ => new ClientReply.Says("done"));
        var client = Client(model);
        client.Seed(Project);
        await RunAsync(client, Project, "git", "init", "-q");

        await ConnectAsync();
        await using var terminal = await Tmux.StartAsync(Project, client.Environment, ClientProgram());
        await terminal.SeesAsync("❯");
        await terminal.TypeAsync("/mcp");
        var servers = await terminal.SeesAsync("4 tools");

        Assert.DoesNotContain("New MCP server found", servers, StringComparison.Ordinal);
        Assert.DoesNotContain("never matches", servers, StringComparison.Ordinal); // Of a rule of ours.
        Assert.Equal("", await RunAsync(client, Project, "git", "status", "--porcelain", "-uall"));
    }

    [Theory]
    [InlineData(true, "RELAY_SESSION_TOKEN of this session is not the relay's. To mend it: relay connect claude-code --project")]
    [InlineData(false, "nothing answers at")]
    public async Task What_is_wrong_is_told_once_to_the_user_with_the_command_that_mends_it(bool isUp, string reason)
    {
        var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"answer {turn.Number}"));
        var client = Client(model);
        client.Seed(Project);
        await ConnectAsync();
        var settings = Path.Combine(Project, ".claude", "settings.local.json");
        if (isUp)
        {
            var text = await File.ReadAllTextAsync(settings, CancellationToken);
            await File.WriteAllTextAsync(settings, text.Replace("\"project.", "\"other.", StringComparison.Ordinal), CancellationToken);
        }
        else
            await relay.KillAsync();

        await using var terminal = await Tmux.StartAsync(Project, client.Environment, ClientProgram());
        await terminal.SeesAsync("Relay is not connected");
        await terminal.TypeAsync("first prompt");
        await terminal.SeesAsync("answer 1");
        await terminal.TypeAsync("second prompt");
        await terminal.SeesAsync("answer 2");
        var screen = Flat(await terminal.ScreenAsync());
        await relay.DisposeAsync();

        Assert.Contains(reason, screen, StringComparison.Ordinal);
        Assert.Equal(1, screen.Split("Relay is not connected").Length - 1);
        Assert.DoesNotContain("hook failed", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("hook problem", screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tools_that_were_refused_at_the_trust_question_are_noticed()
    {
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(turn => new ClientReply.Says($"answer {turn.Number}"));
        var client = Client(model);
        client.Seed(Project);
        await ConnectAsync("--shared");
        var settings = JsonNode.Parse(await File.ReadAllTextAsync(Local(), CancellationToken))!.AsObject();
        settings.Remove("enabledMcpjsonServers"); // So the client asks, and its default is no.
        await File.WriteAllTextAsync(Local(), settings.ToJsonString(), CancellationToken);

        await using (var first = await Tmux.StartAsync(Project, client.Environment, ClientProgram()))
        {
            await first.SeesAsync("New MCP server found");
            await RefuseAsync(first);
        }
        await using var terminal = await Tmux.StartAsync(Project, client.Environment, ClientProgram());
        var screen = Flat(await terminal.SeesAsync("switched off"));

        Assert.Contains("To mend it: relay connect claude-code --project", screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_projects_of_a_user_are_connected_at_once_and_each_session_is_named_by_its_folder()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."), ScriptedReply.Text("Use the list."));
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(AskOnce);
        var client = ClientWithPath(model);
        var (shop, bank) = (Folder("shop"), Folder("bank"));

        Say(await RelayAsync(client, Project, "connect", "claude-code", "--user"));
        var one = await client.RunAsync(shop, "do the work", "--allowedTools", Allowed);
        var two = await client.RunAsync(bank, "do the work", "--allowedTools", Allowed);
        await RelayAsync(client, Project, "disconnect", "claude-code", "--user");
        await client.RunAsync(shop, "and now?");

        Assert.Contains("Use the queue.", one.Result, StringComparison.Ordinal);
        Assert.Contains("Use the list.", two.Result, StringComparison.Ordinal);
        Assert.Equal(["[shop] Queue or poll?", "[bank] Queue or poll?"], Api.Requests.Select(Said));
        Assert.DoesNotContain(model.Turns[^1].Tools, tool => tool.Contains("relay", StringComparison.Ordinal));
        Assert.Single((await RelayAsync("tokens", "--json")).Split("\"name\"").Skip(1));
    }

    [Fact]
    public async Task A_project_that_is_connected_by_itself_speaks_once_where_all_are_connected()
    {
        Api.Enqueue(ScriptedReply.Text("[DONE]"), ScriptedReply.Text("[DONE]"));
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(_ => new ClientReply.Says("a report"));
        var client = ClientWithPath(model);

        await RelayAsync(client, Project, "connect", "claude-code", "--user", "--mode", "relay");
        await RelayAsync(client, Project, "connect", "claude-code", "--project", Project, "--session", "own", "--mode", "relay");
        await client.RunAsync(Project, "do the work");

        Assert.Equal("[own] a report", Said(Assert.Single(Api.Requests)));
    }

    [Fact]
    public async Task Relay_claude_starts_the_client_with_its_arguments_its_exit_code_and_what_a_plugin_cannot_set()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."));
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(AskOnce);
        var client = ClientWithPath(model);

        var (without, said) = await ExitAsync(client, Project, RelayProcess.Program(), "claude", "-p", "hello", "--home", Home.Paths.Root);
        await RelayAsync("connect", "claude-code"); // A plugin in the home.
        var (exit, output) = await ExitAsync(
            client, Project, RelayProcess.Program(), "claude", "-p", "do the work", "--allowedTools", Allowed, "--home", Home.Paths.Root);
        var (wrong, _) = await ExitAsync(client, Project, RelayProcess.Program(), "claude", "--no-such-option", "--home", Home.Paths.Root);

        Assert.Equal((1, 0, 1), (without, exit, wrong));
        Assert.Contains($"relay connect claude-code --project {Project}", said, StringComparison.Ordinal);
        Assert.Contains("Use the queue.", output, StringComparison.Ordinal);
        Assert.Equal("[project] Queue or poll?", Said(Assert.Single(Api.Requests)));
    }

    [Fact]
    public async Task Relay_claude_gives_the_client_the_terminal_and_its_signals()
    {
        await using var relay = await StartRelayAsync();
        var programs = Folder("programs");
        var stand = Path.Combine(programs, "claude");
        await File.WriteAllTextAsync(
            stand,
            "#!/bin/sh\ntrap 'echo caught; exit 7' INT\n[ -t 0 ] && [ -t 1 ] && echo \"at a terminal $CLAUDE_CODE_STOP_HOOK_BLOCK_CAP"
            + " ${RELAY_SESSION_TOKEN%%.*}\"\nwhile :; do sleep 0.1; done\n",
            CancellationToken);
        File.SetUnixFileMode(stand, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var model = await ClientApi.StartAsync(_ => new ClientReply.Says("done"));
        var client = new ClaudeClient(stand, model.Address, Folder("user"), token: null) { Programs = programs };
        await ConnectAsync();

        await using var terminal = await Tmux.StartAsync(
            Project, client.Environment, RelayProcess.Program(), "claude", "--home", Home.Paths.Root);
        await terminal.SeesAsync("at a terminal 26 project");
        await terminal.PressAsync("C-c");

        var screen = await terminal.SeesAsync("ended with 7");
        Assert.Contains("caught", screen, StringComparison.Ordinal);
    }

    /// <summary>Of a relay that is another user's only the address and a token are known.</summary>
    [Fact]
    public async Task A_project_is_connected_to_another_users_relay_by_its_address_and_a_token()
    {
        Api.Enqueue(ScriptedReply.Text("Use the queue."), ScriptedReply.Text("[DONE]"));
        await using var relay = await StartRelayAsync();
        await using var model = await ClientApi.StartAsync(AskOnce);
        var client = ClientWithPath(model);
        var token = await TokenAsync("alice-shop");

        var (exit, said) = await ExitAsync(
            client, Project, "sh", "-c",
            $"echo {token} | {RelayProcess.Program()} connect claude-code --project . --mode relay --address http://{relay.Url.Authority}");
        var run = await client.RunAsync(Project, "do the work", "--allowedTools", Allowed);

        Assert.True(exit == 0, said);
        Assert.Contains("Use the queue.", run.Result, StringComparison.Ordinal);
        Assert.Equal(["[alice-shop] Queue or poll?", "[alice-shop] heard: "], Api.Requests.Select(Said).Select(Begin));
        var written = Directory.EnumerateFiles(Project, "*", SearchOption.AllDirectories).Select(File.ReadAllText);
        Assert.All(written, text => Assert.DoesNotContain(Home.Paths.Root, text, StringComparison.Ordinal));
    }

    private static string Begin(string text) => text.Contains("heard: ", StringComparison.Ordinal) ? text[..(text.IndexOf(':') + 2)] : text;

    private static ClientReply AskOnce(ClientTurn turn) => turn.Number switch
    {
        1 => new ClientReply.Uses(turn.ToolNamed("ask_advisor"), Question("Queue or poll?")),
        _ => new ClientReply.Says("heard: " + turn.News),
    };

    private static string Flat(string screen) => string.Join(' ', screen.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private string Local() => Path.Combine(Project, ".claude", "settings.local.json");

    /// <summary>The client takes no key that is pressed soon after the question is shown, or soon after another.</summary>
    private async Task RefuseAsync(Tmux terminal)
    {
        for (var attempt = 1; attempt <= 6; attempt++)
        {
            await terminal.PressAsync("Enter");
            if (await Eventually.WithinAsync(
                TimeSpan.FromSeconds(5),
                () => File.ReadAllText(Local()).Contains("disabledMcpjsonServers", StringComparison.Ordinal),
                CancellationToken))
                return;
        }
        Assert.Fail("the refusal is not kept");
    }

    private ClaudeClient ClientWithPath(ClientApi model)
    {
        var programs = Folder("programs");
        var link = Path.Combine(programs, "claude");
        if (!File.Exists(link))
            File.CreateSymbolicLink(link, ClientProgram());
        return new ClaudeClient(ClientProgram(), model.Address, Folder("user"), token: null) { Programs = programs };
    }

    private Task<string> RelayAsync(ClaudeClient client, string folder, params string[] arguments) =>
        RunAsync(client, folder, [RelayProcess.Program(), .. arguments, "--home", Home.Paths.Root]);

    private static async Task<string> RunAsync(ClaudeClient client, string folder, params string[] command)
    {
        var (exit, output) = await ExitAsync(client, folder, command);
        Assert.True(exit == 0, $"{string.Join(' ', command)}: exit {exit}\n{output}");
        return output;
    }

    /// <summary>In the environment of the client's user.</summary>
    private static async Task<(int Exit, string Output)> ExitAsync(ClaudeClient client, string folder, params string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in client.Environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(CancellationToken);
        await process.WaitForExitAsync(CancellationToken);
        return (process.ExitCode, await output + error);
    }
}
