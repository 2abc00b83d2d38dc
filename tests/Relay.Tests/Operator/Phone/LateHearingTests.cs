using Relay.Operator;
using Relay.Operator.Phone;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>What was answered from the phone in time counts, also where the relay hears of it after the deadline.</summary>
public sealed class LateHearingTests : PhoneTests
{
    private const string Asked = "[NEEDS-JC by=2h default=a] Which?\n- (a) Merge them\n- (b) Keep both";

    [Fact]
    public async Task An_answer_that_lay_there_while_the_relay_was_down_is_heard_before_the_default_is_taken()
    {
        await EscalateAsync(Asked);
        await PageAsync();
        Ntfy.Say(AnswerTopicName, "#1 b");
        Relay.Clock.Advance(TimeSpan.FromHours(3));
        await Relay.RestartAsync();
        Relay.Get<Hearing>().Connecting();
        Relay.Clock.Advance(TimeSpan.FromSeconds(10)); // The server takes its time.

        Assert.Equal(0, await Relay.RunAsync<Defaults>());
        await ListenAsync();
        Relay.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, await Relay.RunAsync<Defaults>());

        Assert.Equal((false, "b", "the phone"), await FindAsync(1) is var question
            ? (question.ByDefault, question.Chosen, question.AnsweredVia) : default);
    }

    [Fact]
    public async Task While_the_topic_is_out_of_reach_the_default_waits_for_a_while_and_no_longer()
    {
        await EscalateAsync(Asked);
        await PageAsync();
        Relay.Clock.Advance(TimeSpan.FromHours(2));
        Relay.Get<Hearing>().Connecting();
        Relay.Get<Hearing>().Failed("no route");
        Relay.Clock.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(0, await Relay.RunAsync<Defaults>());
        Assert.InRange(Relay.Get<Defaults>().Poll, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10));

        Relay.Clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(1, await Relay.RunAsync<Defaults>());
        Assert.True((await FindAsync(1)).ByDefault);
    }

    [Fact]
    public async Task Heard_or_not_wanted_it_is_taken_at_its_time()
    {
        await EscalateAsync(Asked);
        Relay.Get<Hearing>().Connecting();
        Relay.Get<Hearing>().Line(isNew: false);
        Relay.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await Relay.RunAsync<Defaults>());
        await Relay.TakeTurnsAsync();

        await EscalateAsync(Asked);
        Relay.Get<Hearing>().Connecting();
        Relay.Get<Hearing>().NotWanted();
        Relay.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await Relay.RunAsync<Defaults>());
    }
}
