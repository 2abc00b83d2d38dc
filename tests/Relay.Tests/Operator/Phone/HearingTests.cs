using Relay.Operator.Pages;
using Relay.Operator.Phone;
using Relay.Running;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator.Phone;

/// <summary>Whether the phone is heard is told as it is: a connection alone hears nothing.</summary>
public sealed class HearingTests : PhoneTests
{
    private Hearing Hearing => Relay.Get<Hearing>();

    private bool IsToldUnheard => Relay.Get<Faults>().Standing.Any(fault => fault.Contains("is not heard since", StringComparison.Ordinal));

    [Fact]
    public async Task A_stream_that_opens_and_breaks_again_and_again_is_not_heard_and_is_tried_less_and_less_often()
    {
        TimeSpan Break()
        {
            Hearing.Connecting();
            Hearing.Line(isNew: false);
            return Hearing.Failed("cut");
        }

        Assert.InRange(Break(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        for (var each = 0; each < 8; each++)
            Break();
        Assert.InRange(Break(), TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(80));
        Assert.False(IsToldUnheard);
        Relay.Clock.Advance(Relay.Settings.Current.Config.StuckAfter);
        Break();
        Assert.True(IsToldUnheard);
        Assert.Contains((await Relay.StatusAsync()).Unhealthy, reason => reason.Contains("is not heard since", StringComparison.Ordinal));
        Assert.Single(Relay.Logs.GetSnapshot(), log => log.Message.Contains("is not heard", StringComparison.Ordinal));

        Hearing.Connecting();
        Hearing.Line(isNew: false);
        Assert.True(IsToldUnheard);
        Relay.Clock.Advance(TimeSpan.FromSeconds(45));
        Hearing.Line(isNew: false); // A keepalive.
        Assert.False(IsToldUnheard);
        Assert.InRange(Hearing.Failed("cut"), TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Words_that_are_new_are_heard_and_a_server_that_only_ends_connections_is_not(bool isNew, bool isUnheard)
    {
        for (var each = 0; each < 2; each++)
        {
            Hearing.Connecting();
            Hearing.Line(isNew);
            Hearing.Ended(TimeSpan.FromSeconds(1));
            Relay.Clock.Advance(Relay.Settings.Current.Config.StuckAfter);
        }

        Assert.Equal(isUnheard, IsToldUnheard);
    }

    [Fact]
    public async Task A_server_that_cuts_every_connection_at_once_is_told()
    {
        for (var each = 0; each < 3; each++)
        {
            var batch = Relay.RunAsync<AnswerTopic>();
            await Until.TrueAsync(
                () =>
                {
                    Ntfy.DropSubscribers();
                    return batch.IsCompleted;
                },
                "the cut");
            await batch;
            Relay.Clock.Advance(Relay.Settings.Current.Config.StuckAfter);
        }

        Assert.True(IsToldUnheard);
    }

    [Fact]
    public void A_line_is_forgotten_to_its_end_and_one_without_an_end_is_none()
    {
        var buffer = new NtfyLineBuffer(longest: 40, longestSkipped: 100);
        Fill("""{"title":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","id":"late"}""");
        Assert.True(buffer.Take() is { IsOverlong: true, IsMessage: false });
        Fill("""{"id":"m1","time":1785571200,"event":"message","message":"xxxxxxxxxx"}""");
        Assert.True(buffer.Take() is { IsOverlong: true, IsMessage: true, Id: "m1", Message: "" });
        Fill("""{"id":"m2","event":"message"}""");
        Assert.True(buffer.Take() is { IsOverlong: false, IsMessage: true, Id: "m2" });

        Assert.Throws<TopicUnreadException>(() => Fill(new string('x', 141)));

        void Fill(string line)
        {
            foreach (var letter in line)
                buffer.Add((byte)letter);
        }
    }
}
