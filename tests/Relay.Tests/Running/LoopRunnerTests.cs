using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Relay.Running;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Running;

public sealed class LoopRunnerTests
{
    [Fact]
    public async Task A_loop_that_fails_on_one_thing_is_woken_for_the_others()
    {
        var (changes, clock, loop) = (new ChangeFeed(), new FakeTimeProvider(), new Failing());
        var faults = new Faults(changes);
        using var runner = new LoopRunner([loop], changes, faults, clock, NullLogger<LoopRunner>.Instance);
        await runner.StartAsync(TestContext.Current.CancellationToken);

        for (var pass = 1; pass <= 20; pass++) // By the pauses between failures alone it would take minutes.
        {
            await Until.TrueAsync(() => Passed(pass), $"pass {pass}");
            changes.Publish(Topic.Dispatch);
        }

        Assert.Equal(["Failing: one thing is broken"], faults.Standing);
        Assert.True(clock.GetUtcNow() - clock.Start < TimeSpan.FromMinutes(1));
        await runner.StopAsync(CancellationToken.None);

        bool Passed(int pass)
        {
            if (loop.Passes < pass)
                clock.Advance(TimeSpan.FromMilliseconds(20));
            return loop.Passes >= pass;
        }
    }

    private sealed class Failing : ILoop
    {
        private int _passes;

        public int Passes => Volatile.Read(ref _passes);

        public Topic? WakesOn => Topic.Dispatch;

        public TimeSpan Poll => TimeSpan.FromHours(1);

        public Task<int> RunBatchAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _passes);
            throw new IOException("one thing is broken");
        }
    }
}
