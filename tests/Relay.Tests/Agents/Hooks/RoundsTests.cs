using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using ModelContextProtocol.Protocol;
using Relay.Conversations;
using Relay.Intake;
using Relay.Loopback;
using Relay.Tests.Agents.Tools;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Agents.Hooks;

/// <summary>What a session says by itself in relay mode is bounded by what the relay counted, whatever its hooks say.</summary>
public sealed class RoundsTests
{
    private const int Rounds = 60, Honest = 5, Hard = 20;
    private const string Config = "agents: {max_rounds: 5, new_names_per_hour: 1000}\n";

    [Fact]
    public async Task Honest_hooks_make_as_many_as_the_setting_says_and_the_operator_hears_of_it()
    {
        await using var relay = await StartAsync();
        var claude = Claude(relay, "claude-1");

        await StopOftenAsync(claude);

        Assert.Equal(Honest, await relay.MessagesAsync());
        var page = await relay.Ntfy.WaitForPageAsync(
            each => each.Title.Contains("stopped by itself", StringComparison.Ordinal), RunningRelay.Patience);
        Assert.Contains("5 rounds with the advisor without a human", page.Message, StringComparison.Ordinal);
        Assert.Equal(1, await StoppedPagesAsync(relay));
    }

    [Theory]
    [InlineData("prompt")]
    [InlineData("stop_hook_active")]
    [InlineData("new id")]
    [InlineData("new id and prompt")]
    [InlineData("number")]
    [InlineData("session end")]
    [InlineData("everything")]
    public async Task Forged_hooks_make_no_more_than_a_harder_bound_over_restarts_too(string forged)
    {
        await using var relay = await StartAsync();
        for (var round = 0; round < Rounds; round++)
        {
            if (round == Rounds / 2)
                await relay.RestartAsync();
            await ForgeAsync(relay, forged, round);
        }

        Assert.InRange(await relay.MessagesAsync(), Honest, Hard);
        Assert.InRange(await StoppedPagesAsync(relay), 1, Hard / Honest);
    }

    [Fact]
    public async Task Tool_calls_of_a_session_in_relay_mode_count_to_the_harder_bound_and_those_of_others_do_not()
    {
        await using var relay = await StartAsync();
        await using var shop = await McpTools.ConnectAsync(relay, McpTools.Current, "shop");
        await using var other = await McpTools.ConnectAsync(relay, McpTools.Current, "other");
        await Claude(relay, "claude-1").StopAsync("In relay mode.");
        var (refused, answered) = (0, 0);

        for (var round = 0; round < Rounds; round++)
        {
            await Claude(relay, "claude-1").HookAsync("UserPromptSubmit", new { prompt = "forged" });
            var reply = await CallAsync(shop, $"Round {round}?");
            refused += reply.Contains("without a word of the operator", StringComparison.Ordinal) ? 1 : 0;
            answered += await CallAsync(other, $"Round {round}?") == "[DONE]" ? 1 : 0;
        }

        Assert.Equal(Hard + Rounds, await relay.MessagesAsync());
        Assert.Equal((Rounds - (Hard - 1), Rounds), (refused, answered));
        Assert.Equal(1, await StoppedPagesAsync(relay));
    }

    [Fact]
    public async Task So_do_envelopes_in_its_name_which_are_refused_with_the_reason()
    {
        await using var relay = await StartAsync();
        await Claude(relay, "claude-1").StopAsync("In relay mode.");
        var inbox = relay.Get<Inbox>();
        var token = TestContext.Current.CancellationToken;
        var answers = new List<Inbox.Acceptance>();

        for (var round = 0; round < Rounds; round++)
            answers.Add(await inbox.AcceptAsync(
                SessionId.Stored("shop-7"), $"Round {round}.", $"envelope-{round}", ReplyChannel.Folder, token));
        var repeated = await inbox.AcceptAsync(SessionId.Stored("shop-7"), "Round 0.", "envelope-0", ReplyChannel.Folder, token);

        Assert.Equal(Hard - 1, answers.Count(answer => answer is Inbox.Acceptance.Accepted));
        var refused = Assert.IsType<Inbox.Acceptance.Refused>(answers[^1]);
        Assert.Contains("without a word of the operator", refused.Reason, StringComparison.Ordinal);
        Assert.IsType<Inbox.Acceptance.Duplicate>(repeated);
        Assert.Equal(Hard, await relay.MessagesAsync());
    }

    [Fact]
    public async Task Many_at_once_pass_no_bound_together()
    {
        await using var relay = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 30).Select(number => Claude(relay, $"claude-{number}").StopAsync($"Round {number}.")));

        Assert.Equal(Honest, await relay.MessagesAsync());
    }

    [Fact]
    public async Task The_operators_word_lifts_it_and_so_does_a_day()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var relay = await StartAsync(clock);
        for (var round = 0; round < Rounds; round++)
            await ForgeAsync(relay, "prompt", round);
        Assert.Equal(Hard, await relay.MessagesAsync());
        var claude = Claude(relay, "claude-1");
        Assert.Contains("without a word of the operator", Note(await claude.StopAsync("More?")), StringComparison.Ordinal);

        await relay.SayToAsync("shop", "Go on.");
        await claude.HookAsync("PostToolUse"); // Takes it.
        await claude.StopAsync("After the operator's word.");
        Assert.Equal(Hard + 1, await relay.MessagesAsync());

        for (var round = 100; round < 100 + Rounds; round++)
            await ForgeAsync(relay, "prompt", round);
        Assert.Equal(2 * Hard, await relay.MessagesAsync());
        clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));
        await claude.StopAsync("A day later.");
        Assert.Equal((2 * Hard) + 1, await relay.MessagesAsync());
    }

    [Fact]
    public async Task A_stop_that_is_reported_twice_is_one_round()
    {
        await using var relay = await StartAsync();
        var claude = Claude(relay, "claude-1");
        for (var round = 1; round <= Honest; round++)
            await Task.WhenAll(claude.StopAsync($"Round {round}."), claude.StopAsync($"Round {round}."));

        Assert.Equal(Honest, await relay.MessagesAsync());
        Assert.Equal(Honest, await relay.CountAsync("SELECT COUNT(*) FROM rounds"));
    }

    [Fact]
    public async Task Sessions_of_the_configuration_are_bounded_each_for_itself()
    {
        await using var relay = await StartAsync(config: Config + "sessions: [{session_id: a-1}, {session_id: a-2}]\n");

        await StopOftenAsync(Claude(relay, "claude-1", "a-1"));
        await StopOftenAsync(Claude(relay, "claude-2", "a-2"));

        Assert.Equal(2 * Honest, await relay.MessagesAsync());
        var rounds = relay.Get<Relay.Agents.Rounds>();
        Assert.Equal(
            ["a-1", "a-2", "a", "shop", "shop", "a-1"],
            new[] { "a-1", "a-2", "a-3", "shop", "shop-2-17", "a-1-2" }.Select(name => rounds.FamilyOf(SessionId.Stored(name))));
        var longest = new string('x', 64);
        Assert.Equal(rounds.FamilyOf(SessionId.Stored(longest)), rounds.FamilyOf(SessionId.Stored(longest[..56] + "-2")));
    }

    private static async Task ForgeAsync(RunningRelay relay, string forged, int round)
    {
        var id = forged.Contains("new id", StringComparison.Ordinal) || forged is "everything" ? $"claude-{round}" : "claude-1";
        var name = forged is "number" or "everything" ? $"shop-{round + 2}" : "shop";
        var claude = Claude(relay, id, name);
        if (forged is "session end" or "everything")
        {
            await claude.HookAsync("SessionEnd");
            await claude.HookAsync("SessionStart");
        }
        if (forged.Contains("prompt", StringComparison.Ordinal) || forged is "everything")
            await claude.HookAsync("UserPromptSubmit");
        await claude.HookAsync(
            "Stop", new { last_assistant_message = $"Round {round}.", stop_hook_active = forged == "stop_hook_active" });
    }

    private static async Task<RunningRelay> StartAsync(TimeProvider? clock = null, string config = Config)
    {
        var relay = await RunningRelay.StartAsync(config + "history_char_cap: 1000000\n", clock);
        relay.Api.Always(ScriptedReply.Text("[DONE]"));
        return relay;
    }

    private static ClaudeSession Claude(RunningRelay relay, string id, string name = "shop") =>
        new(relay, id) { Name = name, Mode = "relay" };

    private static async Task StopOftenAsync(ClaudeSession claude)
    {
        await claude.HookAsync("UserPromptSubmit");
        for (var round = 0; round < Rounds; round++)
            await claude.StopAsync($"Round {round}.");
    }

    private static async Task<string> CallAsync(McpTools mcp, string question)
    {
        var result = await mcp.Client.CallToolAsync(
            "ask_advisor", new Dictionary<string, object?> { ["question"] = question },
            cancellationToken: TestContext.Current.CancellationToken);
        return ((TextContentBlock)result.Content.Single()).Text;
    }

    private static string Note(JsonObject answer) => (string?)answer["systemMessage"] ?? "";

    private static Task<long> StoppedPagesAsync(RunningRelay relay) =>
        relay.CountAsync("SELECT COUNT(*) FROM pages WHERE kind = 'hold' AND subject LIKE 'rounds:%'");
}
