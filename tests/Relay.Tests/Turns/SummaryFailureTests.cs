using Relay.Advisor;
using Relay.Conversations;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>A summary that fails is said, and asked for again as the conversation grows.</summary>
public sealed class SummaryFailureTests
{
    private static readonly string Text = new('x', 300);

    [Theory]
    [InlineData("cut")]
    [InlineData("held")]
    [InlineData("deferred")]
    public async Task It_is_a_warning_and_asked_for_again_when_half_of_the_cap_has_come_in(string failure)
    {
        await using var relay = await TempRelay.CreateAsync("history_char_cap: 2000\nkeep_recent_turns: 1");
        var asked = 0;
        for (var turn = 0; turn < 12; turn++)
            asked += await TakeTurnAsync(relay, Failure(failure));

        Assert.InRange(asked, 3, 7); // 7,200 characters came in, and half of the cap is 1,000.
        var warning = Assert.Single((await relay.StatusAsync()).Warnings!);
        Assert.Contains("history_char_cap (2000) is passed: the last summary failed: ", warning, StringComparison.Ordinal);
        Assert.Single(await relay.PagesAsync(), page => page.Title.Contains("no summary of default", StringComparison.Ordinal));

        relay.Clock.Advance(TimeSpan.FromHours(2));
        asked = await TakeTurnAsync(relay, ScriptedAdvisor.Replied("The summary."));
        asked += await TakeTurnAsync(relay, ScriptedAdvisor.Replied("The summary."));

        Assert.Equal(1, asked); // Not a burst of small ones.
        Assert.Empty((await relay.StatusAsync()).Warnings!);
        Assert.True((await relay.WindowAsync()).Characters <= 2000);
    }

    /// <returns>How many summaries were asked for.</returns>
    private static async Task<int> TakeTurnAsync(TempRelay relay, AdvisorOutcome summary)
    {
        var asked = 0;
        relay.Advisor.Forget();
        for (var call = 0; call < 9; call++)
            relay.Advisor.Enqueue((call, _) =>
            {
                var isSummary = call.Messages[^1].Blocks[^1].Contains("Your summary takes the place", StringComparison.Ordinal);
                asked += isSummary ? 1 : 0;
                return Task.FromResult(isSummary ? summary : ScriptedAdvisor.Replied(Text));
            });
        await relay.AcceptAsync("session-1", Text);
        await relay.TakeTurnsAsync();
        return asked;
    }

    private static AdvisorOutcome Failure(string failure) => failure switch
    {
        "cut" => ScriptedAdvisor.Replied("Half a summ", "max_tokens"),
        "held" => new AdvisorOutcome.Held(HoldCause.Request, "HTTP 400 cannot summarise"),
        _ => new AdvisorOutcome.Deferred("HTTP 529", RetryAfter: null),
    };
}
