using Relay.Configuration;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>The program that the hooks run may be newer than the relay that runs.</summary>
public sealed class OtherVersionTests
{
    [Theory]
    [InlineData("0.0.1", "startup", true)]
    [InlineData("0.0.1", "resume", true)]
    [InlineData("0.0.1", "compact", false)] // The user has read it.
    [InlineData(null, "startup", false)]
    [InlineData("same", "startup", false)]
    public async Task The_user_is_told_when_a_session_is_opened_and_only_then(string? version, string source, bool isTold)
    {
        await using var relay = await RunningRelay.StartAsync();
        var session = new ClaudeSession(relay, "claude-1");
        if (version is not null)
            session.Headers["X-Relay-Version"] = version == "same" ? ProgramVersion.Text : version;

        var answer = await session.HookAsync("SessionStart", new { source });

        var message = (string?)answer["systemMessage"];
        Assert.Equal(isTold, message?.Contains("stop the relay and start it again: relay run", StringComparison.Ordinal) == true);
        Assert.Equal(isTold, message is not null);
    }
}
