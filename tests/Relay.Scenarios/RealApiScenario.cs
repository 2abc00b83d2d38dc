using Relay.Loopback;
using Relay.Scenarios.Harness;
using Xunit;

namespace Relay.Scenarios;

/// <summary>Sends one question to the real API, if RELAY_REAL_API_KEY is set. RELAY_REAL_API_URL can name another address.</summary>
public sealed class RealApiScenario
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_real_api_answers_or_says_that_there_is_no_credit()
    {
        var key = Environment.GetEnvironmentVariable("RELAY_REAL_API_KEY");
        Assert.SkipWhen(string.IsNullOrWhiteSpace(key), "RELAY_REAL_API_KEY is not set: the real API costs money");
        await using var ntfy = await LoopbackNtfy.StartAsync();
        var url = Environment.GetEnvironmentVariable("RELAY_REAL_API_URL") ?? "https://api.anthropic.com";
        using var home = new ScenarioHome(new Uri(url), ntfy.Address, "model: claude-haiku-5-5\nmax_tokens: 50\n");
        var cancellationToken = TestContext.Current.CancellationToken;
        var env = await File.ReadAllTextAsync(home.Paths.EnvFile, cancellationToken);
        env = env.Replace("ANTHROPIC_API_KEY=key", "ANTHROPIC_API_KEY=" + key, StringComparison.Ordinal);
        await File.WriteAllTextAsync(home.Paths.EnvFile, env, cancellationToken);
        await using var session = new Session(home, "session-1");
        await using var relay = await RelayProcess.StartAsync(home, cancellationToken);

        session.Say("Reply with the single word pong.");
        await Eventually.ThatAsync(Limit, () => session.Count == 1 || HasNoCredit(home), () => relay.Output, cancellationToken);

        Assert.True(session.Count == 1 ? session.Received[0].Text.Contains("pong", StringComparison.OrdinalIgnoreCase) : HasNoCredit(home));
    }

    private static bool HasNoCredit(ScenarioHome home) => home
        .QueryAsync("SELECT cause FROM messages WHERE state = 'held'", row => row.Text(), CancellationToken.None)
        .GetAwaiter().GetResult().Contains("credit");
}
