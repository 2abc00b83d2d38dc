using Relay.Loopback;
using Relay.Running;
using Relay.Storage;
using Relay.Tests.Testing;
using Relay.Web.Status;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>The same on a server: a database that was emptied, or is another's, is not this home's.</summary>
public sealed class LostServerDatabaseTests : IAsyncDisposable
{
    private readonly CliHome _relay = new(kind: SqlDialect.Postgres.Name);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task One_that_was_emptied_is_refused_and_left_empty_until_the_home_is_told_to_forget()
    {
        await WorkAsync(_relay);
        var schema = SchemaOf(_relay);
        await TestServer.RunAsync($"DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}");

        var run = await RefusedAsync();
        var log = await _relay.RunAsync("log");
        var doctor = await _relay.RunAsync("doctor");

        Assert.Contains("the database is empty, and this home knows of 2 entries and 1 messages", run.Error, StringComparison.Ordinal);
        Assert.Contains("pg_restore", run.Error, StringComparison.Ordinal);
        Assert.Equal((78, ""), (log.Exit, log.Output));
        Assert.Contains("empty; relay run makes its tables", doctor.Output, StringComparison.Ordinal);
        var daemon = await _relay.StartAsync(forgets: true);
        Assert.Contains("starts with an empty database", daemon.Warning, StringComparison.Ordinal);
        Assert.DoesNotContain("Hello", (await _relay.RunAsync("log")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_relay_s_is_refused_and_not_touched()
    {
        await using var other = new CliHome(kind: SqlDialect.Postgres.Name);
        await WorkAsync(other);
        await WorkAsync(_relay);
        var own = _relay.Environment["RELAY_DATABASE_URL"];
        _relay.Environment["RELAY_DATABASE_URL"] = other.Environment["RELAY_DATABASE_URL"];

        var run = await RefusedAsync();
        var log = await _relay.RunAsync("log");

        Assert.Contains("the database is another than this home's", run.Error, StringComparison.Ordinal);
        Assert.Equal((78, ""), (log.Exit, log.Output));
        _relay.Environment["RELAY_DATABASE_URL"] = own;
        await _relay.StartAsync();
    }

    [Fact]
    public async Task One_of_a_newer_schema_is_refused()
    {
        await WorkAsync(_relay);
        var schema = SchemaOf(_relay);
        await TestServer.RunAsync($"INSERT INTO {schema}.schema_migrations (number, name, applied_at) VALUES (9999, 'future', 0)");

        Assert.Contains("use the newer program", (await RefusedAsync()).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dropped_while_the_relay_runs_it_is_said_and_paged_at_once_and_restored_it_is_used_again()
    {
        await using var ntfy = await LoopbackNtfy.StartAsync();
        await using var relay = await TempRelay.CreateAsync(ntfy: ntfy.Address, kind: SqlDialect.Postgres.Name);
        await relay.AcceptAsync("s", "before");
        await relay.TakeTurnsAsync();
        var schema = (await relay.ReadAsync("SELECT current_schema()", row => row.Text()))[0];
        await TestServer.RunAsync($"ALTER SCHEMA {schema} RENAME TO {schema}_gone");

        var fault = await Assert.ThrowsAsync<DatabaseFaultException>(() => relay.AcceptAsync("s", "while it is gone"));
        await relay.RunAsync<DatabaseWatch>();
        await relay.RunAsync<HealthWatch>();
        await relay.RunAsync<DatabaseWatch>();
        await relay.RunAsync<HealthWatch>();

        Assert.Equal(DatabaseFault.Lost, fault.Kind);
        Assert.Equal("error", (await relay.StatusAsync()).State);
        Assert.Contains("has lost its tables", Assert.Single(ntfy.Pages).Message, StringComparison.Ordinal);
        await TestServer.RunAsync($"ALTER SCHEMA {schema}_gone RENAME TO {schema}");
        await relay.RunAsync<DatabaseWatch>();
        await relay.AcceptAsync("s", "after");
        await relay.TakeTurnsAsync();
        Assert.Equal("running", (await relay.StatusAsync()).State);
        Assert.Empty(relay.Get<Faults>().All);
        Assert.Equal(4, await relay.CountAsync("SELECT COUNT(*) FROM entries"));
    }

    private static string SchemaOf(CliHome relay) => new Uri(relay.Environment["RELAY_DATABASE_URL"]).Query.Split('=')[1];

    private static async Task WorkAsync(CliHome relay)
    {
        await relay.StartAsync();
        Assert.Equal(0, (await relay.RunAsync("ask", "--session", "s", "Hello")).Exit);
        await relay.StopAsync();
    }

    /// <summary>One that starts would run on.</summary>
    private async Task<Ran> RefusedAsync()
    {
        var ran = await _relay.RunAsync("run").WaitAsync(TimeSpan.FromSeconds(20), CancellationToken);
        Assert.Equal(78, ran.Exit);
        return ran;
    }
}
