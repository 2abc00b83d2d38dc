using Relay.Loopback;
using Relay.Storage;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What a person sees of the budget, and says to it.</summary>
public sealed class BudgetCommandsTests
{
    [Theory]
    [InlineData("budget: {per_day_usd: 0.01}", "warning", "none will be made")]
    [InlineData("budget: {per_month_usd: 0.01}", "warning", "per_month_usd")]
    [InlineData("budget: {per_day_usd: 0.01, reserve: likely}", "ok", "may be passed by the worst of one call")]
    [InlineData("budget: {per_day_usd: 5}", "ok", "no cap is passed")]
    [InlineData("model: claude-of-tomorrow\nbudget: {per_day_usd: 5}", "warning", "price of claude-of-tomorrow is not known")]
    public async Task Doctor_says_what_the_caps_come_to(string config, string state, string detail)
    {
        await using var relay = new CliHome($"listen: 127.0.0.1:0\n{config}\n", SqlDialect.Sqlite.Name);
        relay.Environment["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9";

        var ran = await relay.RunAsync("doctor", "--json");

        var check = Assert.Single(
            ran.Json.GetProperty("checks").EnumerateArray(), each => each.GetProperty("check").GetString() == "budget");
        Assert.Equal(state, check.GetProperty("state").GetString());
        Assert.Contains(detail, check.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_cap_doctor_says_nothing_of_it()
    {
        await using var relay = new CliHome("listen: 127.0.0.1:0\nadvisor: simulated\n", SqlDialect.Sqlite.Name);

        Assert.DoesNotContain("budget", (await relay.RunAsync("doctor")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_word_goes_on_with_this_call_and_another_until_the_cap_is_spent()
    {
        await using var api = await LoopbackMessagesApi.StartAsync(new() { Answer = _ => ScriptedReply.Text("Do it.") });
        await using var relay = await StartAsync(api, "budget: {per_day_usd: 0.1}");

        var first = Task.Run(() => relay.RunAsync("ask", "--session", "session-1", "Shall I?"));
        var held = await HeldAsync(relay);
        Assert.Equal(0, (await relay.RunAsync("retry", held)).Exit);
        Assert.Equal("Do it.", (await first).Output.Trim());

        var second = Task.Run(() => relay.RunAsync("ask", "--session", "session-1", "And this?"));
        await HeldAsync(relay);
        var all = (await relay.RunAsync("retry")).Output;
        Assert.StartsWith("1 message is held for the budget: relay retry ID makes one call", all, StringComparison.Ordinal);
        Assert.DoesNotContain("tried again", all, StringComparison.Ordinal);
        Assert.Equal(1, (await relay.RunAsync("retry", "--until-spent", "--json")).Json.GetProperty("released").GetInt32());
        Assert.Equal("Do it.", (await second).Output.Trim());
        Assert.Equal("Do it.", (await relay.RunAsync("ask", "--session", "session-1", "And that?")).Output.Trim());
    }

    [Fact]
    public async Task A_call_without_a_price_is_no_call_for_nothing()
    {
        await using var api = await LoopbackMessagesApi.StartAsync(new() { Answer = _ => ScriptedReply.Text("Do it.") });
        await using var relay = await StartAsync(api, "model: claude-of-tomorrow");
        await relay.RunAsync("ask", "--session", "session-1", "Shall I?");

        var told = (await relay.RunAsync("budget")).Output;
        var json = (await relay.RunAsync("budget", "--json")).Json;

        Assert.Contains("$0.00 spent, no cap; the cost of 1 call is unknown", told, StringComparison.Ordinal);
        Assert.Equal(1, json.GetProperty("month").GetProperty("calls_of_unknown_cost").GetInt32());
    }

    private static async Task<CliHome> StartAsync(LoopbackMessagesApi api, string config)
    {
        var relay = new CliHome($"listen: 127.0.0.1:0\n{config}\n", SqlDialect.Sqlite.Name);
        relay.Home.CreateFolders();
        await File.WriteAllTextAsync(
            relay.Home.EnvFile, $"ANTHROPIC_API_KEY=key\nANTHROPIC_BASE_URL={api.Address}\n", TestContext.Current.CancellationToken);
        await relay.StartAsync();
        return relay;
    }

    /// <summary>The id of the message that the budget holds.</summary>
    private static async Task<string> HeldAsync(CliHome relay)
    {
        string? held = null;
        await Testing.Until.TrueAsync(
            async () =>
            {
                var listed = (await relay.RunAsync("messages", "--json")).Json;
                held = listed.EnumerateArray().Where(each => each.ToString().Contains("per_day_usd", StringComparison.Ordinal))
                    .Select(each => each.GetProperty("id").GetString())
                    .FirstOrDefault();
                return held is not null;
            },
            "the budget to hold it");
        return held!;
    }
}
