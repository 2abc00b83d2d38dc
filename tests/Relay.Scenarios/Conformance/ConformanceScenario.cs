using Relay.Configuration;
using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios.Conformance;

/// <summary>Runs the public conformance suite of MCP against the program.
/// Every scenario of the suite either passes or is listed here with the reason why it does not apply.</summary>
public sealed class ConformanceScenario(RelayBehindProxy relay) : IClassFixture<RelayBehindProxy>
{
    private const string ItsTools = "calls tools of the suite's own server, which the relay does not have";
    private const string NoResources = "the relay serves no resources";
    private const string NoPrompts = "the relay serves no prompts";

    private static readonly string[] Applies =
    [
        "server-initialize", "ping", "tools-list", "logging-set-level", "server-sse-multiple-streams", "dns-rebinding-protection",
    ];

    private static readonly Dictionary<string, string> DoesNotApply = new()
    {
        ["completion-complete"] = "the relay offers no completions: there are no prompts or resources to complete",
        ["tools-call-simple-text"] = ItsTools,
        ["tools-call-image"] = ItsTools,
        ["tools-call-audio"] = ItsTools,
        ["tools-call-embedded-resource"] = ItsTools,
        ["tools-call-mixed-content"] = ItsTools,
        ["tools-call-with-logging"] = ItsTools,
        ["tools-call-error"] = ItsTools,
        ["tools-call-with-progress"] = ItsTools,
        ["tools-call-sampling"] = ItsTools,
        ["tools-call-elicitation"] = ItsTools,
        ["json-schema-2020-12"] = ItsTools,
        ["elicitation-sep1034-defaults"] = ItsTools,
        ["elicitation-sep1330-enums"] = ItsTools,
        ["server-sse-polling"] = "passes without a check: " + ItsTools,
        ["resources-list"] = NoResources,
        ["resources-read-text"] = NoResources,
        ["resources-read-binary"] = NoResources,
        ["resources-templates-read"] = NoResources,
        ["resources-subscribe"] = NoResources,
        ["resources-unsubscribe"] = NoResources,
        ["prompts-list"] = NoPrompts,
        ["prompts-get-simple"] = NoPrompts,
        ["prompts-get-with-args"] = NoPrompts,
        ["prompts-get-embedded-resource"] = NoPrompts,
        ["prompts-get-with-image"] = NoPrompts,
    };

    public static TheoryData<string> Scenarios => new(Applies);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task The_relay_passes(string scenario)
    {
        var suite = Installed();

        var (checks, exit, output) = await suite.RunAsync(scenario, relay.Mcp, TestContext.Current.CancellationToken);

        Assert.True(exit == 0, output);
        Assert.True(checks.Any(check => check.Outcome == "SUCCESS") && checks.All(check => check.Outcome != "FAILURE"), output);
    }

    [Fact]
    public async Task Every_scenario_of_the_suite_is_passed_or_listed_with_the_reason()
    {
        var suite = Installed();

        var scenarios = await suite.ScenariosAsync(TestContext.Current.CancellationToken);

        Assert.Equal(scenarios.Order(), Applies.Concat(DoesNotApply.Keys).Order());
    }

    private static ConformanceSuite Installed()
    {
        var suite = ConformanceSuite.Find();
        Assert.SkipWhen(suite is null, "RELAY_MCP_CONFORMANCE is not set: './build test' installs the suite with npm and sets it");
        return suite;
    }
}

/// <summary>One relay for all cases. It starts only if the suite is installed.</summary>
public sealed class RelayBehindProxy : IAsyncLifetime
{
    private readonly Stack<IAsyncDisposable> _running = new();
    private ScenarioHome? _home;

    public Uri Mcp { get; private set; } = new("http://127.0.0.1/mcp");

    public async ValueTask InitializeAsync()
    {
        if (ConformanceSuite.Find() is null)
            return;
        var api = Started(await LoopbackMessagesApi.StartAsync());
        var ntfy = Started(await LoopbackNtfy.StartAsync());
        _home = new ScenarioHome(api.Address, ntfy.Address);
        var relay = Started(await RelayProcess.StartAsync(_home, TestContext.Current.CancellationToken));
        var book = new ConnectionBook(_home.Paths, TimeProvider.System);
        var (_, token) = await book.OpenAsync("suite", folder: null, TestContext.Current.CancellationToken);
        Mcp = new Uri(Started(await TokenProxy.StartAsync(relay.Url, token)).Address, "mcp");
    }

    public async ValueTask DisposeAsync()
    {
        while (_running.TryPop(out var part))
            await part.DisposeAsync();
        _home?.Dispose();
    }

    private T Started<T>(T part)
        where T : IAsyncDisposable
    {
        _running.Push(part);
        return part;
    }
}
