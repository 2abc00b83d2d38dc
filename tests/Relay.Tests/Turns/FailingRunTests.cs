using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Turns;
using Xunit;

namespace Relay.Tests.Turns;

/// <summary>A conversation whose turns fail again and again is a fault that stands, and not one that comes and goes with every
/// attempt.</summary>
public sealed class FailingRunTests
{
    [Fact]
    public async Task Until_a_run_of_it_succeeds_the_loop_is_not_known_to_work()
    {
        await using var relay = await TempRelay.CreateAsync(kind: SqlDialect.Sqlite.Name);
        await relay.AcceptAsync("s", "hello");
        var loop = relay.Get<AdvisorLoop>();
        await RenameAsync(relay, "calls", "gone");

        for (var attempt = 0; attempt < 3; attempt++)
        {
            await relay.RunAsync<AdvisorLoop>(); // Starts the run, which fails.
            Assert.Equal(attempt > 0, loop.IsUncertain);
            await Until.TrueAsync(async () => await Record.ExceptionAsync(relay.RunAsync<AdvisorLoop>) is not null, "the failure");
            Assert.True(loop.IsUncertain);
        }

        await RenameAsync(relay, "gone", "calls");
        await Until.TrueAsync(
            async () =>
            {
                await Record.ExceptionAsync(relay.RunAsync<AdvisorLoop>);
                return !loop.IsUncertain;
            },
            "a run that succeeds");
        Assert.Equal(2, await relay.CountAsync("SELECT COUNT(*) FROM entries"));
    }

    private static Task<int> RenameAsync(TempRelay relay, string from, string to) => relay.WriteAsync(
        writing => writing.Sql($"ALTER TABLE {from} RENAME TO {to}").ExecuteAsync(TestContext.Current.CancellationToken));
}
