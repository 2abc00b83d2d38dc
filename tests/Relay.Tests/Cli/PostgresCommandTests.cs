using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>The commands of a home whose truth is on a server.</summary>
public sealed class PostgresCommandTests : IAsyncDisposable
{
    private const string Nowhere = "postgres://relay:secret@127.0.0.1:9/relay";

    private readonly CliHome _relay = new(kind: SqlDialect.Postgres.Name);

    public ValueTask DisposeAsync() => _relay.DisposeAsync();

    [Fact]
    public async Task Doctor_names_the_server_and_how_far_its_tables_are()
    {
        var before = await _relay.RunAsync("doctor");
        await _relay.StartAsync();
        var during = await _relay.RunAsync("doctor");

        const string Sound = @"ok +database +sound, PostgreSQL \d+\.\d+, postgres at 127\.0\.0\.1:\d+, [\d,]+ kB";
        Assert.Matches(Sound + @", empty; relay run makes its tables\n", before.Output);
        Assert.Matches(Sound + @"\n", during.Output);
    }

    [Fact]
    public async Task What_the_daemon_keeps_there_is_read_beside_it_and_after_it()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "Hello");
        var beside = (await _relay.RunAsync("log", "--json")).Json;
        await _relay.StopAsync();

        var after = (await _relay.RunAsync("log", "--json")).Json;
        var status = (await _relay.RunAsync("status", "--json")).Json;

        Assert.Equal((2, 2), (beside.GetArrayLength(), after.GetArrayLength()));
        Assert.Equal((2, false), (status.GetProperty("history_turns").GetInt32(), status.GetProperty("running").GetBoolean()));
        Assert.False(File.Exists(_relay.Home.DatabaseFile));
    }

    [Theory]
    [InlineData("log")]
    [InlineData("costs --json")]
    [InlineData("explain x")]
    [InlineData("status")]
    public async Task A_server_that_is_not_there_is_a_failure_with_the_reason(string words)
    {
        await _relay.RunAsync("sessions");
        _relay.Environment["RELAY_DATABASE_URL"] = Nowhere;

        var ran = await _relay.RunAsync(words.Split(' '));

        Assert.Equal((1, "", "relay: the database server cannot be reached: Connection refused\n"), (ran.Exit, ran.Output, ran.Error));
    }

    [Fact]
    public async Task Without_the_server_the_status_is_what_the_daemon_wrote_last_and_says_so()
    {
        await _relay.StartAsync();
        await _relay.RunAsync("ask", "--session", "s1", "Hello");
        await Until.TrueAsync(
            async () => (await File.ReadAllTextAsync(_relay.Home.StatusFile, CancellationToken.None)).Contains("\"history_turns\": 2"),
            "both turns in status.json");
        await _relay.StopAsync();
        _relay.Environment["RELAY_DATABASE_URL"] = Nowhere;

        var ran = await _relay.RunAsync("status", "--json");

        Assert.Equal((1, 2), (ran.Exit, ran.Json.GetProperty("history_turns").GetInt32()));
        Assert.Matches(
            @"\Athe database server cannot be reached: Connection refused; this is what state/status.json said \d+s ago\n\z", ran.Error);
    }

    [Fact]
    public async Task Doctor_says_what_to_do_about_a_server_that_is_not_there()
    {
        await _relay.RunAsync("sessions");
        _relay.Environment["RELAY_DATABASE_URL"] = Nowhere;

        var ran = await _relay.RunAsync("doctor");

        Assert.Contains("cannot be read: the database server cannot be reached: Connection refused", ran.Output);
        Assert.Contains("fix: look whether the server runs and RELAY_DATABASE_URL in .env names it", ran.Output);
        Assert.DoesNotContain("secret", ran.Output + ran.Error);
    }

    [Fact]
    public async Task A_setting_of_the_address_that_there_is_not_is_refused_with_its_name()
    {
        await _relay.RunAsync("sessions");
        _relay.Environment["RELAY_DATABASE_URL"] = Nowhere + "?colour=blue";

        var ran = await _relay.RunAsync("log");

        Assert.Equal((1, "relay: RELAY_DATABASE_URL: the driver does not know colour, or not with this value\n"), (ran.Exit, ran.Error));
    }
}
