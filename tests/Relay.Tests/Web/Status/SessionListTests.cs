using System.Text.Json;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Tests.Testing;
using Relay.Tests.Turns;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Web.Status;

/// <summary>The status and its mirror name those who matter now, and count the others.</summary>
public sealed class SessionListTests
{
    [Fact]
    public async Task Of_thousands_a_hundred_are_named_and_the_others_counted()
    {
        await using var relay = await TempRelay.CreateAsync();
        await RosterTests.MakeUpAsync(relay, 3_000);

        var status = await MirrorAsync(relay);

        Assert.InRange(status.Sessions.Count, 100, 101); // And the one of the configuration, where the daemon has introduced it.
        Assert.Equal(2_900, status.SessionsNotListed);
        Assert.InRange(new FileInfo(relay.Home.StatusFile).Length, 1, 30_000);
    }

    [Fact]
    public async Task After_a_week_only_those_of_the_configuration_and_those_with_a_message_under_way_are_left()
    {
        await using var relay = await TempRelay.CreateAsync("sessions: [{session_id: listed}]\n");
        await RosterTests.MakeUpAsync(relay, 300);
        await relay.AcceptAsync("listed", "Hello.");
        await relay.AcceptAsync("answered", "Hello.");
        await relay.TakeTurnsAsync();
        relay.Advisor.Enqueue(new AdvisorOutcome.Held(HoldCause.Credentials, "no key"));
        await relay.AcceptAsync("waiting", "Hello?");
        await relay.TakeTurnsAsync();
        Assert.Equal(303, (await MirrorAsync(relay)).Sessions.Count + (await MirrorAsync(relay)).SessionsNotListed);

        relay.Clock.Advance(TimeSpan.FromDays(7) + TimeSpan.FromSeconds(1));

        var status = await MirrorAsync(relay);
        Assert.Equal(["listed", "waiting"], status.Sessions.Select(session => session.SessionId));
        Assert.Equal(0, status.SessionsNotListed);
        Assert.Equal(303, await relay.CountAsync("SELECT COUNT(*) FROM sessions"));

        await relay.AcceptAsync("answered", "I am back.");
        Assert.Equal(["answered", "listed", "waiting"], (await MirrorAsync(relay)).Sessions.Select(session => session.SessionId));
    }

    private static async Task<StatusReport> MirrorAsync(TempRelay relay)
    {
        await relay.RestartAsync(); // What it says must not depend on what was read before.
        await relay.RunAsync<StatusMirror>();
        var json = await File.ReadAllBytesAsync(relay.Home.StatusFile, TestContext.Current.CancellationToken);
        return JsonSerializer.Deserialize<StatusReport>(json, Relay.Http.Json.Options)!;
    }
}
