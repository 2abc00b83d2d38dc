using System.Text.Json.Nodes;
using Relay.Agents.Connect;
using Relay.Tests.Agents;
using Relay.Tests.Http;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>The hooks that a team commits, run for a colleague who has the project and not what its first user has.</summary>
public sealed class SharedHooksTests : IAsyncDisposable
{
    private readonly CliHome _relay = new("advisor: simulated\nlisten: 127.0.0.1:7479\n");
    private readonly HookShell _shell = new();

    private string Script => Path.Combine(_shell.Project, HookScript.Shared);

    private string Settings => Path.Combine(_shell.Project, ".claude", "settings.json");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _shell.Dispose();
        await _relay.DisposeAsync();
    }

    [Theory]
    [InlineData("")] // Who runs no relay has no token.
    [InlineData("shop.a-token-of-a-relay-that-is-down")]
    public async Task Without_a_relay_every_hook_ends_well_and_says_nothing(string token)
    {
        await ConnectAsync("--mode", "relay", "--permissions");
        _shell.Token = token;

        foreach (var (hook, command) in Commands().Where(each => token.Length == 0 || each.Hook is "PreToolUse" or "PostToolUse"))
            Assert.Equal((hook, 0, "", ""), Said(hook, await _shell.RunAsync(command, hook, new { last_assistant_message = "a" })));

        static (string, int, string, string) Said(string hook, (int Exit, string Output, string Error) ran) =>
            (hook, ran.Exit, ran.Output, ran.Error);
    }

    [Fact]
    public async Task Who_has_the_program_and_no_token_reads_one_line_at_the_start_and_nothing_after_it()
    {
        await ConnectAsync();
        var said = new List<string>();

        foreach (var (hook, command) in Commands(Programs.Relay))
            if ((await _shell.RunAsync(command, hook)).Output is { Length: > 0 } output)
                said.Add((string)JsonNode.Parse(output)!["systemMessage"]!);

        Assert.Contains("RELAY_SESSION_TOKEN is not set", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_a_token_of_his_own_relay_is_served_by_it()
    {
        await using var relay = await RunningRelay.StartAsync();
        _shell.Token = (await Connected.AsAsync(relay, "shop")).Token;
        await ConnectAsync();
        File.WriteAllText(Script, File.ReadAllText(Script).Replace("http://127.0.0.1:7479", relay.Daemon.Url, StringComparison.Ordinal));

        var ran = await _shell.RunAsync(Commands().First(each => each.Hook == "UserPromptSubmit").Command, "UserPromptSubmit");

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        Assert.Equal(["shop"], await relay.TextsAsync("SELECT session_id FROM agents"));
    }

    [Fact]
    public async Task The_script_names_nothing_of_a_machine_and_goes_with_the_rest()
    {
        await ConnectAsync();
        Assert.DoesNotContain(_relay.Home.Root, await File.ReadAllTextAsync(Script, Cancel), StringComparison.Ordinal);
        await _relay.RunAsync("connect", "claude-code", "--project", _shell.Project);
        Assert.False(File.Exists(Script));

        await ConnectAsync();
        await _relay.RunAsync("disconnect", "claude-code", "--project", _shell.Project);

        Assert.Empty(Directory.EnumerateFileSystemEntries(_shell.Project));
    }

    [Fact]
    public async Task A_file_of_that_name_that_is_anothers_is_left_alone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Script)!);
        await File.WriteAllTextAsync(Script, "mine", Cancel);

        var refused = await _relay.RunAsync("connect", "claude-code", "--project", _shell.Project, "--shared");
        await _relay.RunAsync("disconnect", "claude-code", "--project", _shell.Project);

        Assert.Equal(1, refused.Exit);
        Assert.Contains("is not the relay's", refused.Error, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(Script, Cancel));
    }

    private async Task ConnectAsync(params string[] more)
    {
        var ran = await _relay.RunAsync(["connect", "claude-code", "--project", _shell.Project, "--shared", .. more]);
        Assert.Equal((0, ""), (ran.Exit, ran.Error));
    }

    /// <summary>With the program of the first user in another place, or nowhere.</summary>
    private List<(string Hook, string Command)> Commands(string program = "/nowhere/relay")
    {
        var hooks = JsonNode.Parse(File.ReadAllText(Settings))!["hooks"]!.AsObject();
        return
        [
            .. from each in hooks
               from entry in each.Value!.AsArray()
               from hook in entry!["hooks"]!.AsArray()
               select (each.Key, ((string)hook!["command"]!).Replace(Environment.ProcessPath!, program, StringComparison.Ordinal)),
        ];
    }
}
