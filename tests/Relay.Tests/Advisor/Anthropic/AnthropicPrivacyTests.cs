using System.Diagnostics;
using Relay.Configuration;
using Relay.Loopback;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>The key is in no text that is shown, and a developer's own settings are not sent.</summary>
public sealed class AnthropicPrivacyTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Developers = new()
    {
        ["ANTHROPIC_API_KEY"] = "sk-ant-developer",
        ["ANTHROPIC_AUTH_TOKEN"] = "developer-token",
        ["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9",
        ["ANTHROPIC_CUSTOM_HEADERS"] =
            "X-Developer: secret\nanthropic-beta: developer-beta\nAuthorization: Bearer developer\nx-api-key: developer",
        ["ANTHROPIC_PROFILE"] = "developer-profile",
        ["ANTHROPIC_CONFIG_DIR"] = "/nonexistent",
        ["ANTHROPIC_WORKSPACE_ID"] = "wrkspc_developer",
        ["ANTHROPIC_ORGANIZATION_ID"] = "developer-organization",
        ["ANTHROPIC_SERVICE_ACCOUNT_ID"] = "developer-service",
        ["ANTHROPIC_FEDERATION_RULE_ID"] = "developer-rule",
        ["ANTHROPIC_IDENTITY_TOKEN"] = "developer-identity",
        ["ANTHROPIC_LOG"] = "debug",
    };

    private LoopbackMessagesApi _api = null!;

    public async ValueTask InitializeAsync() => _api = await LoopbackMessagesApi.StartAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Nothing_of_a_developers_own_client_settings_is_sent()
    {
        using var rig = new AdvisorRig(_api.Address); // Only its home folder is needed.
        var home = rig.Settings.Current.Home;
        File.AppendAllText(home.EnvFile, "NTFY_SERVER=http://127.0.0.1:9\n");
        File.WriteAllText(home.ConfigFile, "listen: 127.0.0.1:0\n");
        Directory.CreateDirectory(home.Queue);
        File.WriteAllText(Path.Combine(home.Queue, "1.json"), """{"session_id": "session-1", "content": "hello"}""");

        using var relay = StartProgram(home); // The SDK reads the environment once per process, so the test needs a process of its own.
        try
        {
            await _api.WaitForRequestsAsync(1, TimeSpan.FromSeconds(30));
        }
        finally
        {
            relay.Kill();
            await relay.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var headers = _api.Requests[0].Headers;
        Assert.Equal($"Bearer {AdvisorRig.Key}", headers["Authorization"]);
        Assert.DoesNotContain(headers, header => (header.Key + header.Value).Contains("develop", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("x-api-key", headers.Keys);
    }

    [Fact]
    public async Task The_key_is_in_no_reason_even_when_the_server_repeats_it()
    {
        using var rig = new AdvisorRig(_api.Address);
        var echo = $"invalid key {AdvisorRig.Key} ({AdvisorRig.Key})";
        _api.Enqueue(
            ScriptedReply.Status(401, echo),
            ScriptedReply.Status(500, echo),
            ScriptedReply.ErrorEvent("api_error", echo),
            ScriptedReply.PromptTooLong());
        _api.Enqueue(ScriptedReply.Status(413, echo), ScriptedReply.Refusal(echo), ScriptedReply.Garbage(echo));

        for (var call = 0; call < 7; call++)
            Assert.DoesNotContain(AdvisorRig.Key, (await rig.AskAsync()).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_key_is_in_no_text_of_the_settings()
    {
        using var rig = new AdvisorRig(_api.Address);

        Assert.DoesNotContain(AdvisorRig.Key, rig.Settings.Current.ToString(), StringComparison.Ordinal);
    }

    private static Process StartProgram(RelayHome home)
    {
        var built = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(built.Parent!.Parent!.FullName, "Relay", built.Name, "relay");
        var start = new ProcessStartInfo(program, ["run", "--home", home.Root])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Developers)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
