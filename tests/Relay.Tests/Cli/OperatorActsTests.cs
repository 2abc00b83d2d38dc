using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>relay pause, resume, budget and search, as a person meets them.</summary>
public sealed class OperatorActsTests
{
    [Fact]
    public async Task A_conversation_is_paused_waits_with_a_reason_and_goes_on()
    {
        await using var relay = new CliHome();
        await relay.StartAsync();
        await relay.RunAsync("ask", "--session", "one", "Before");

        var paused = await relay.RunAsync("pause");
        Assert.StartsWith(
            "default is paused; what is said in it and what you answer is taken, and waits: relay resume default", paused.Output);
        Assert.StartsWith("default was paused already", (await relay.RunAsync("pause", "default")).Output);
        var asking = Task.Run(() => relay.RunAsync("ask", "--session", "one", "Shall I?"));
        await Until.TrueAsync(
            async () => (await relay.RunAsync("messages")).Output.Contains("is paused", StringComparison.Ordinal), "the message to wait");
        await Until.TrueAsync(() => relay.Said.Contains("paused", StringComparison.Ordinal), "the asker to be told");
        var id = (await relay.RunAsync("messages", "--json")).Json[0].GetProperty("id").GetString()!;
        Assert.Contains("waits for", (await relay.RunAsync("explain", id)).Output);
        Assert.Contains("default since", (await relay.RunAsync("status")).Output);
        Assert.False(asking.IsCompleted);

        Assert.Equal("default goes on; 1 message without a reply in it\n", (await relay.RunAsync("resume")).Output);
        Assert.Equal(0, (await asking).Exit);
        Assert.Equal("default was not paused\n", (await relay.RunAsync("resume")).Output);
        var unknown = await relay.RunAsync("pause", "nowhere");
        Assert.Equal((1, "there is no conversation \"nowhere\"; there is default\n"), (unknown.Exit, unknown.Error));
    }

    [Fact]
    public async Task The_budget_is_shown_and_said_for_today()
    {
        await using var relay = new CliHome("listen: 127.0.0.1:0\nadvisor: simulated\nbudget: {per_day_usd: 10, per_month_usd: 90}\n");
        await relay.StartAsync();
        Assert.Matches(@"today +\$0.00 spent, of \$10.00 until \d{4}-\d\d-\d\d 00:00:00Z", (await relay.RunAsync("budget")).Output);

        var said = (await relay.RunAsync("budget", "--today", "25")).Output;
        Assert.StartsWith("$0.00 of $25.00 today, $10.00 in config.yaml, until", said);
        Assert.Contains("budget.per_month_usd holds besides", said);
        Assert.Contains("in config.yaml $10.00", (await relay.RunAsync("budget")).Output);
        Assert.Contains("$25.00 for today: the command line", (await relay.RunAsync("budget")).Output);
        Assert.Contains("of $25.00 today, $10.00 in config.yaml", (await relay.RunAsync("status")).Output);
        Assert.Equal(25, (await relay.RunAsync("budget", "--json")).Json.GetProperty("today").GetProperty("cap_usd").GetDecimal());
        Assert.Equal(2, (await relay.RunAsync("budget", "--today", "much")).Exit);
        await relay.StopAsync();
        Assert.Contains("of $25.00 until", (await relay.RunAsync("budget")).Output);
        Assert.NotEqual(0, (await relay.RunAsync("budget", "--today", "30")).Exit);
    }

    [Fact]
    public async Task Without_a_cap_it_says_so()
    {
        await using var relay = new CliHome();
        await relay.StartAsync();

        Assert.Contains("nothing limits a day", (await relay.RunAsync("budget")).Output);
        var refused = await relay.RunAsync("budget", "--today", "25");
        Assert.NotEqual(0, refused.Exit);
        Assert.Contains("no cap is kept today", refused.Error);
    }

    [Theory]
    [InlineData("Sqlite")]
    [InlineData("Postgres")]
    public async Task What_was_said_is_found(string kind)
    {
        await using var relay = new CliHome(kind: kind);
        await relay.StartAsync();
        await relay.RunAsync("ask", "--session", "one", "The migration plan \u001b[2J");
        await Until.TrueAsync(
            async () => (await relay.RunAsync("search", "migration", "plan", "--json")).Json.GetProperty("found").GetArrayLength() > 0,
            "the index");

        var found = await relay.RunAsync("search", "the migration");
        Assert.Contains("default 1  one", found.Output);
        Assert.DoesNotContain("\u001b", found.Output, StringComparison.Ordinal);
        Assert.Equal("nothing was found\n", (await relay.RunAsync("search", "elsewhere")).Output);
        Assert.Equal(2, (await relay.RunAsync("search", "*")).Exit);
    }
}
