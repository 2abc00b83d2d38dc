using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Relay.Agents;
using Xunit;

namespace Relay.Tests.Agents.Waking;

public sealed class AgentWaitersTests
{
    [Fact]
    public void Of_thousands_of_ids_that_somebody_made_up_nothing_is_kept_once_they_are_gone()
    {
        var clock = new FakeTimeProvider();
        var waiters = new AgentWaiters(clock);
        for (var number = 0; number < 5_000; number++)
            waiters.IsThere(string.Create(CultureInfo.InvariantCulture, $"made-up-{number}"));
        clock.Advance(TimeSpan.FromMinutes(11));

        waiters.IsThere("claude");

        Assert.Equal(1, waiters.Known);
        Assert.True(waiters.IsWaitedFor("claude", TimeSpan.FromSeconds(5)));
    }
}
