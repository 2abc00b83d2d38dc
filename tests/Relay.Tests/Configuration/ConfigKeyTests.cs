using System.Globalization;
using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

/// <summary>Which keys config.yaml has: known, unknown and repeated ones.</summary>
public sealed class ConfigKeyTests : ConfigTests
{
    private const string EveryKey = """
        model: some-model
        max_tokens: 1
        system_prompt: |
          Be brief.
        summarization_prompt: >-
          Sum
          up.
        history_char_cap: 1000
        keep_recent_turns: 1000
        sessions:
          - session_id: a
          - {session_id: "0", conversation: side}
        accept_unknown_sessions: false
        operator: {name: Ann Other, token: "<<ASK>>", scan_chars: 40, input_file: ann.txt}
        listen: "[::1]:0"
        cache_ttl: 1h
        budget: {per_day_usd: 12.50, per_month_usd: 0}
        stuck_after: 1h30m
        max_envelope_bytes: 1024
        advisor: simulated
        """;

    [Fact]
    public void Every_key_is_read()
    {
        var config = Valid(EveryKey);

        Assert.Equal([new SessionConfig("a", "default"), new SessionConfig("0", "side")], config.Sessions);
        Assert.Equal(
            new RelayConfig
            {
                Model = "some-model",
                MaxTokens = 1,
                SystemPrompt = "Be brief.\n",
                SummarizationPrompt = "Sum up.",
                HistoryCharCap = 1_000,
                KeepRecentTurns = 1_000,
                Sessions = config.Sessions,
                AcceptUnknownSessions = false,
                Operator = new OperatorConfig { Name = "Ann Other", Token = "<<ASK>>", ScanChars = 40, InputFile = "ann.txt" },
                Listen = new ListenAddress("::1", 0),
                CacheTtl = CacheTtl.OneHour,
                Budget = new BudgetConfig { PerDayUsd = 12.50m, PerMonthUsd = 0 },
                StuckAfter = TimeSpan.FromMinutes(90),
                MaxEnvelopeBytes = 1_024,
                Advisor = AdvisorKind.Simulated,
            },
            config);
    }

    [Fact]
    public void An_unknown_key_is_told_at_every_level_with_the_nearest_known_one()
    {
        var faults = Faults("""
            modle: x
            sessions:
              - session_id: a
                conversaton: b
            operator:
              Name: JC
              scan-chars: 5
            budget: {per_days_usd: 5}
            anthropic_api_key: sesame
            """);

        Assert.Equal(
            [
                "config.yaml:1: modle: unknown key, did you mean model?; allowed: model,",
                "config.yaml:4: sessions[0].conversaton: unknown key, did you mean conversation?; allowed: session_id, conversation, user",
                "config.yaml:6: operator.Name: unknown key, did you mean name?; allowed: name, token, scan_chars, input_file",
                "config.yaml:7: operator.scan-chars: unknown key, did you mean scan_chars?; allowed: name, token, scan_chars, input_file",
                "config.yaml:8: budget.per_days_usd: unknown key, did you mean per_day_usd?; allowed: per_day_usd, per_month_usd, reserve",
                "config.yaml:9: anthropic_api_key: unknown key; allowed: model,",
            ],
            faults.Select(UpToTheFirstRootKey));
    }

    private static string UpToTheFirstRootKey(string fault)
    {
        const string firstRootKey = ": model,";
        var at = fault.IndexOf(firstRootKey, StringComparison.Ordinal);
        return at < 0 ? fault : fault[..(at + firstRootKey.Length)];
    }

    [Fact]
    public void The_known_keys_are_those_of_the_contract_and_of_the_agents()
    {
        Assert.EndsWith(
            "allowed: model, max_tokens, system_prompt, system_prompt_file, summarization_prompt, history_char_cap, keep_recent_turns, "
            + "rulings_char_cap, "
            + "sessions, accept_unknown_sessions, operator, listen, tls, behind, public_url, proxies, "
            + "page_content, page_buttons, remind_after, second_ways, quiet_hours, digest, cache_ttl, max_parallel_turns, store, budget, "
            + "stuck_after, queue, max_envelope_bytes, advisor, agents",
            SingleFault("zzzzzzzz: 1"));
    }

    [Fact]
    public void A_duplicate_key_is_told_at_every_level_with_the_line_of_the_second()
    {
        Assert.Equal(
            [
                "config.yaml:4: operator.name: appears a second time, after line 3; allowed: once",
                "config.yaml:5: model: appears a second time, after line 1; allowed: once",
                "config.yaml:6: model: appears a second time, after line 1; allowed: once",
            ],
            Faults("model: a\noperator:\n  name: a\n  name: a\nmodel: b\n\"model\": c\n"));
    }

    [Fact]
    public void A_session_listed_twice_is_told_with_the_line_of_the_second()
    {
        Assert.Equal(
            "config.yaml:5: sessions[2].session_id: a is listed a second time, after line 2; allowed: once",
            SingleFault("sessions:\n  - session_id: a\n  - session_id: b\n  - conversation: x\n    session_id: a\n"));
    }

    [Fact]
    public void All_faults_are_gathered_in_the_order_of_their_lines()
    {
        var faults = Faults("""
            advisor: x
            max_tokens: 0
            nope: 1
            system_prompt: ''
            sessions: [{session_id: '!'}, 5]
            budget: {per_day_usd: -1}
            """);

        Assert.Equal([1, 2, 3, 4, 5, 5, 6], faults.Select(fault => int.Parse(fault.Split(':')[1], CultureInfo.InvariantCulture)));
    }
}
