using Relay.Advisor;
using Relay.Advisor.Anthropic;
using Relay.Configuration;
using Relay.Conversations;
using Xunit;

namespace Relay.Tests.Advisor.Anthropic;

/// <summary>The real advisor with the real SDK, which calls a server of the test.</summary>
internal sealed class AdvisorRig : IDisposable
{
    public const string Key = "sk-ant-a-key-nobody-may-see";

    /// <summary>Long enough never to end a call. Tests of timeouts use shorter ones.</summary>
    public static readonly AdvisorTimeouts Patient = new()
    {
        Headers = TimeSpan.FromSeconds(20),
        Idle = TimeSpan.FromSeconds(20),
        Total = TimeSpan.FromSeconds(20),
    };

    private readonly string _home = Directory.CreateTempSubdirectory("relay-advisor-").FullName;

    public AdvisorRig(Uri api, AdvisorTimeouts? timeouts = null, string? key = Key, TimeProvider? clock = null)
    {
        File.WriteAllText(Path.Combine(_home, ".env"), $"ANTHROPIC_API_KEY={key}\nANTHROPIC_BASE_URL={api}\n");
        var loaded = SettingsSource.Load(new RelayHome(_home), new Dictionary<string, string>(), generate: true);
        Settings = Assert.IsType<Loaded.Ok>(loaded).Source;
        Advisor = new AnthropicAdvisor(Settings, timeouts ?? Patient, clock ?? TimeProvider.System);
    }

    public SettingsSource Settings { get; }

    public AnthropicAdvisor Advisor { get; }

    public static AdvisorCall Question(string text = "[session-1] What now?") =>
        Call(CacheTtl.Off, new PromptMessage(EntryRole.User, [text]));

    public static AdvisorCall Call(CacheTtl ttl, params List<PromptMessage> messages) =>
        new("claude-opus-5-5", MaxTokens: 16_000, "You are the advisor.", messages, ttl);

    public Task<AdvisorOutcome> AskAsync() => AskAsync(Question());

    public Task<AdvisorOutcome> AskAsync(AdvisorCall call) => Advisor.AskAsync(call, TestContext.Current.CancellationToken);

    public void Dispose()
    {
        Advisor.Dispose();
        Directory.Delete(_home, recursive: true);
    }
}
