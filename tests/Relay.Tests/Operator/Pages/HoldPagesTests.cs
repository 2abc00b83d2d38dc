using System.Text.RegularExpressions;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Operator.Pages;

/// <summary>What a page and the health say of a hold is what has happened.</summary>
public sealed class HoldPagesTests : IAsyncLifetime
{
    private TempRelay _relay = null!;

    public async ValueTask InitializeAsync() => _relay = await TempRelay.CreateAsync(
        "sessions: [{session_id: s, conversation: a}, {session_id: t, conversation: b}, {session_id: u, conversation: c}]\n",
        kind: SqlDialect.Sqlite.Name);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Theory]
    [InlineData("Credentials", HoldReasons.NoKey, "Relay error: no API key", "Put ANTHROPIC_API_KEY into .env")]
    [InlineData("Credentials", "HTTP 401: invalid x-api-key", "Relay error: the API key is rejected", "Correct ANTHROPIC_API_KEY")]
    [InlineData("Gateway", HoldReasons.UserInAddress, "Relay error: ANTHROPIC_BASE_URL has a user", "Take the user and password out")]
    [InlineData("Gateway", "HTTP 404, a web page", "Relay error: what answers is not the Messages API", "Correct ANTHROPIC_BASE_URL")]
    public async Task The_title_says_what_happened_and_the_health_says_why(string cause, string reason, string title, string remedy)
    {
        await HoldAsync("s", Enum.Parse<HoldCause>(cause), reason);

        var page = Assert.Single(await _relay.PagesAsync());
        Assert.Equal(title, page.Title);
        Assert.StartsWith($"{reason}\n\n{remedy}", page.Body, StringComparison.Ordinal);
        var health = await _relay.Get<Health>().ReadAsync(TestContext.Current.CancellationToken);
        Assert.Matches("^a message is held, for .*s: " + Regex.Escape(reason), Assert.Single(health.Reasons));
    }

    [Fact]
    public async Task Each_reason_is_told_once()
    {
        await HoldAsync("s", HoldCause.Request, "HTTP 400: the one");
        await HoldAsync("t", HoldCause.Request, "HTTP 400: the other");
        await HoldAsync("u", HoldCause.Request, "HTTP 400: the one");

        var health = await _relay.Get<Health>().ReadAsync(TestContext.Current.CancellationToken);

        Assert.EndsWith(": HTTP 400: the one; HTTP 400: the other", Assert.Single(health.Reasons), StringComparison.Ordinal);
    }

    private async Task HoldAsync(string session, HoldCause cause, string reason)
    {
        _relay.Advisor.Enqueue(new AdvisorOutcome.Held(cause, reason));
        await _relay.AcceptAsync(session, "question");
        await _relay.TakeTurnsAsync();
        _relay.Clock.Advance(TimeSpan.FromSeconds(1));
    }
}
