using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Relay.Agents.Connect;
using Relay.Tests.Agents;
using Relay.Tests.Http;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>The script by which Claude Code's command hooks reach the relay, run as the client runs it.</summary>
public sealed class HookScriptTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-script-");

    private string Script => Path.Combine(_folder.FullName, "it's a relay-hook");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task An_event_goes_to_the_relay_and_its_answer_comes_back_whole()
    {
        await using var relay = await RunningRelay.StartAsync();
        var shop = await Connected.AsAsync(relay, "shop");
        Write(relay.Home.Root, "http://127.0.0.1:9");

        var start = await RunAsync(Event("SessionStart"), shop.Token, "4");
        var other = await RunAsync(Event("SessionStart", "claude-2"), shop.Token, "4", "X-Relay-Session:shop-7");

        Assert.Contains("Relay is connected: this session is shop;", start.Output, StringComparison.Ordinal);
        Assert.Contains("this session is shop-7;", other.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (start.Exit, start.Error));
    }

    [Fact]
    public async Task A_large_event_is_handed_over_too()
    {
        await using var relay = await RunningRelay.StartAsync();
        var shop = await Connected.AsAsync(relay, "shop");
        Write(relay.Home.Root, "http://127.0.0.1:9");
        await RunAsync(Event("SessionStart"), shop.Token, "4");

        var large = $$"""{"hook_event_name":"SessionEnd","session_id":"claude-1","cwd":"/w","x":"{{new string('x', 3_000_000)}}"} """;
        var ran = await RunAsync(large, shop.Token, "20");

        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        Assert.Equal(["ended"], await relay.TextsAsync("SELECT state FROM agents WHERE agent_id = 'claude-1'"));
    }

    [Theory]
    [InlineData(true)] // The token is wrong.
    [InlineData(false)] // The relay is down.
    public async Task Whatever_is_wrong_it_is_silent(bool isUp)
    {
        var relay = await RunningRelay.StartAsync();
        var shop = await Connected.AsAsync(relay, "shop");
        Write(relay.Home.Root, relay.Daemon.Url);
        var token = isUp ? shop.Token + "x" : shop.Token;
        if (!isUp)
            await relay.StopDaemonAsync();

        var ran = await RunAsync(Event("Stop"), token, "4", "X-Relay-Mode:relay");
        var without = await RunAsync(Event("Stop"), "", "4");
        await relay.DisposeAsync();

        Assert.Equal((0, "", ""), (ran.Exit, ran.Output, ran.Error));
        Assert.Equal((0, "", ""), (without.Exit, without.Output, without.Error));
    }

    /// <summary>While the relay is down anybody may listen at its port.</summary>
    [Fact]
    public async Task Where_the_home_can_be_read_nothing_goes_to_the_port()
    {
        using var stranger = new TcpListener(IPAddress.Loopback, 0);
        stranger.Start();
        var home = Directory.CreateDirectory(Path.Combine(_folder.FullName, "home")).FullName;
        Directory.CreateDirectory(Path.Combine(home, "state"));
        Write(home, $"http://{stranger.LocalEndpoint}");

        var ran = await RunAsync(Event("Stop"), "shop.token", "4");

        Assert.Equal((0, ""), (ran.Exit, ran.Output));
        Assert.False(stranger.Pending());
    }

    [Fact]
    public async Task For_all_projects_the_token_is_in_a_file_unless_the_session_has_its_own()
    {
        await using var relay = await RunningRelay.StartAsync();
        var all = await Connected.Book(relay).OpenOfFoldersAsync("claude-code", Cancel);
        var file = Path.Combine(_folder.FullName, "the token");
        await File.WriteAllTextAsync(file, all.Token + "\n", Cancel);
        Write(relay.Home.Root, relay.Daemon.Url, file);

        var mine = await RunAsync(Event("SessionStart"), "", "4");
        var elsewhere = await RunAsync(Event("SessionStart", "claude-2"), "another.token", "4");
        File.Delete(file);
        var gone = await RunAsync(Event("SessionStart", "claude-3"), "", "4");

        Assert.Contains("Relay is connected: this session is w;", mine.Output, StringComparison.Ordinal);
        Assert.Equal((0, "", ""), (elsewhere.Exit, elsewhere.Output, elsewhere.Error));
        Assert.Equal((0, "", ""), (gone.Exit, gone.Output, gone.Error));
    }

    private static string Event(string name, string session = "claude-1") =>
        $$"""{"hook_event_name":"{{name}}","session_id":"{{session}}","cwd":"/w","last_assistant_message":"a"}""";

    private void Write(string home, string url, string? token = null) =>
        File.WriteAllBytes(Script, new HookScript(home, url, "relay-is-not-needed") { TokenFile = token }.Content());

    private async Task<Ran> RunAsync(string input, string token, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh", [Script, .. arguments])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["RELAY_SESSION_TOKEN"] = token;
        start.Environment.Remove("RELAY_SESSION");
        using var script = Process.Start(start)!;
        var output = script.StandardOutput.ReadToEndAsync(Cancel);
        var error = script.StandardError.ReadToEndAsync(Cancel);
        try
        {
            await script.StandardInput.WriteAsync(input.AsMemory(), Cancel);
            script.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading.
        }
        await script.WaitForExitAsync(Cancel);
        return new Ran(script.ExitCode, await output, await error);
    }
}
