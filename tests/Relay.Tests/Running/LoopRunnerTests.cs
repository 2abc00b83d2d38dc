using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Relay.Intake;
using Relay.Running;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Web.Status;
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

        Assert.Equal(["failing: one thing is broken"], faults.Standing);
        Assert.True(clock.GetUtcNow() - clock.Start < TimeSpan.FromMinutes(1));
        await runner.StopAsync(CancellationToken.None);

        bool Passed(int pass)
        {
            if (loop.Passes < pass)
                clock.Advance(TimeSpan.FromMilliseconds(20));
            return loop.Passes >= pass;
        }
    }

    [Fact]
    public async Task Every_loop_has_a_name_that_people_understand()
    {
        await using var relay = await TempRelay.CreateAsync(kind: SqlDialect.Sqlite.Name);
        var loops = relay.Get<IEnumerable<ILoop>>().ToList();

        Assert.All(loops, loop => Assert.Matches("^[a-z]+ing [a-zA-Z' ]+$", loop.Name));
        Assert.Equal(loops.Count, loops.Select(loop => loop.Name).Distinct().Count());
    }

    [Fact]
    public async Task A_folder_where_the_status_belongs_is_said_plainly()
    {
        await using var relay = await TempRelay.CreateAsync(kind: SqlDialect.Sqlite.Name);
        Directory.CreateDirectory(relay.Home.StatusFile);

        var fault = await Assert.ThrowsAsync<IOException>(relay.RunAsync<StatusMirror>);

        Assert.Equal("state/status.json cannot be written: it is a folder: remove it", fault.Message);
    }

    [Fact]
    public async Task A_file_where_a_folder_of_the_relay_belongs_is_said_plainly()
    {
        await using var relay = await TempRelay.CreateAsync(kind: SqlDialect.Sqlite.Name);
        Directory.Delete(relay.Home.Queue, recursive: true);
        await File.WriteAllTextAsync(relay.Home.Queue, "", TestContext.Current.CancellationToken);

        var fault = await Assert.ThrowsAsync<IOException>(relay.RunAsync<QueueFolder>);

        Assert.EndsWith("/queue must be a folder: it is a file: remove it", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_that_shows_nothing_of_what_failed_clears_no_fault()
    {
        var (changes, clock, loop) = (new ChangeFeed(), new FakeTimeProvider(), new Uncertain());
        var faults = new Faults(changes);
        using var runner = new LoopRunner([loop], changes, faults, clock, NullLogger<LoopRunner>.Instance);
        await runner.StartAsync(TestContext.Current.CancellationToken);

        await Until.TrueAsync(() => PassedWith(10) && faults.Standing.Count == 1, "ten passes");
        loop.IsUncertain = false;
        await Until.TrueAsync(() => PassedWith(int.MaxValue) || faults.Standing.Count == 0, "a pass that shows it works");
        await runner.StopAsync(CancellationToken.None);

        bool PassedWith(int passes)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return loop.Passes >= passes;
        }
    }

    /// <summary>Every other batch fails.</summary>
    private sealed class Uncertain : ILoop
    {
        private int _passes;
        private volatile bool _isUncertain = true;

        public int Passes => Volatile.Read(ref _passes);

        public bool IsUncertain
        {
            get => _isUncertain;
            set => _isUncertain = value;
        }

        public string Name => "failing";

        public Topic? WakesOn => null;

        public TimeSpan Poll => TimeSpan.FromSeconds(1);

        public Task<int> RunBatchAsync(CancellationToken cancellationToken) =>
            Interlocked.Increment(ref _passes) % 2 == 1 && _isUncertain ? throw new IOException("it is broken") : Task.FromResult(0);
    }

    private sealed class Failing : ILoop
    {
        private int _passes;

        public int Passes => Volatile.Read(ref _passes);

        public string Name => "failing";

        public Topic? WakesOn => Topic.Dispatch;

        public TimeSpan Poll => TimeSpan.FromHours(1);

        public Task<int> RunBatchAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _passes);
            throw new IOException("one thing is broken");
        }
    }
}
