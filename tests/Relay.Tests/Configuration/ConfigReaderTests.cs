using System.Text;
using Xunit;
using Relay.Configuration;
using Relay.Running;

namespace Relay.Tests.Configuration;

public sealed class ConfigReaderTests : IDisposable
{
    private readonly TempHome _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void A_missing_file_is_all_defaults()
    {
        var (config, faults) = ConfigReader.Read(_temp.Home);

        Assert.Empty(faults);
        Assert.True(config.SameAs(new RelayConfig()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    [InlineData("---\n...\n")]
    [InlineData("~")]
    [InlineData("{}")]
    [InlineData("%YAML 1.2\n---\n")]
    public void An_empty_document_is_all_defaults(string text)
    {
        Assert.True(Valid(text).SameAs(new RelayConfig()));
    }

    [Fact]
    public void Every_key_is_read()
    {
        var config = Valid("""
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
            """);

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

    [Theory]
    [InlineData("max_tokens: 0")]
    [InlineData("max_tokens: 128001")]
    [InlineData("max_tokens: -1")]
    [InlineData("max_tokens: 99999999999999999999999999")]
    [InlineData("max_tokens: 9223372036854775807")]
    [InlineData("history_char_cap: 99")]
    [InlineData("history_char_cap: 50000001")]
    [InlineData("keep_recent_turns: 0")]
    [InlineData("keep_recent_turns: 1001")]
    [InlineData("max_envelope_bytes: 63")]
    [InlineData("max_envelope_bytes: 104857601")]
    [InlineData("stuck_after: 0s")]
    [InlineData("stuck_after: 31d")]
    [InlineData("budget: {per_day_usd: -1}")]
    [InlineData("budget: {per_day_usd: -0.01}")]
    [InlineData("budget: {per_month_usd: 99999999999999999999999999999999999999}")]
    [InlineData("operator: {scan_chars: 0}")]
    [InlineData("operator: {scan_chars: 100001}")]
    public void A_number_out_of_range_is_a_fault(string text)
    {
        Assert.Contains(" is out of range; allowed: ", SingleFault(text));
    }

    [Theory]
    [InlineData("max_tokens: \"16000\"", "is the text \"16000\"")]
    [InlineData("max_tokens: '16000'", "is the text \"16000\"")]
    [InlineData("max_tokens: 16_000", "is the text \"16_000\"")]
    [InlineData("max_tokens: 16000.0", "is 16000.0")]
    [InlineData("max_tokens: 1e3", "is 1e3")]
    [InlineData("max_tokens: 0x10", "is 0x10")]
    [InlineData("max_tokens: 010", "is 010")]
    [InlineData("max_tokens: +1", "is +1")]
    [InlineData("max_tokens: .inf", "is .inf")]
    [InlineData("max_tokens: .nan", "is .nan")]
    [InlineData("max_tokens: 1 000", "is the text \"1 000\"")]
    [InlineData("max_tokens: ١٢", "is the text \"١٢\"")]
    [InlineData("max_tokens:", "is empty")]
    [InlineData("max_tokens: null", "is empty")]
    [InlineData("max_tokens: true", "is true")]
    [InlineData("max_tokens: [1]", "is a list")]
    [InlineData("max_tokens: {a: 1}", "is a mapping")]
    [InlineData("max_tokens: !!int \"5\"", "the tag tag:yaml.org,2002:int is not supported")]
    public void A_number_of_the_wrong_type_is_a_fault(string text, string wrong)
    {
        Assert.Equal($"config.yaml:1: max_tokens: {wrong}; allowed: a plain decimal integer from 1 to 128000", SingleFault(text));
    }

    [Theory]
    [InlineData("model: 5")]
    [InlineData("model: true")]
    [InlineData("model:")]
    [InlineData("model: ~")]
    [InlineData("model: \"\"")]
    [InlineData("model: \"  \"")]
    [InlineData("model: \"a\\nb\"")]
    [InlineData("model: \"a\\u0007\"")]
    [InlineData("model: [a]")]
    [InlineData("system_prompt: ''")]
    [InlineData("system_prompt: 7")]
    [InlineData("system_prompt: |\n\n\n")]
    [InlineData("summarization_prompt: ' '")]
    [InlineData("summarization_prompt: {a: b}")]
    [InlineData("accept_unknown_sessions: yes")]
    [InlineData("accept_unknown_sessions: True")]
    [InlineData("accept_unknown_sessions: \"true\"")]
    [InlineData("accept_unknown_sessions: 1")]
    [InlineData("cache_ttl: 10m")]
    [InlineData("cache_ttl: OFF")]
    [InlineData("cache_ttl: false")]
    [InlineData("advisor: openai")]
    [InlineData("advisor: Anthropic")]
    [InlineData("stuck_after: 600")]
    [InlineData("stuck_after: ''")]
    [InlineData("stuck_after: 10")]
    [InlineData("stuck_after: 10 m")]
    [InlineData("stuck_after: 10M")]
    [InlineData("stuck_after: 30m1h")]
    [InlineData("stuck_after: -5m")]
    [InlineData("stuck_after: 1.5h")]
    [InlineData("stuck_after: 999999999999d")]
    [InlineData("stuck_after: 00:10:00")]
    [InlineData("operator: JC")]
    [InlineData("operator:")]
    [InlineData("operator: [JC]")]
    [InlineData("operator: {name: ''}")]
    [InlineData("operator: {name: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}")]
    [InlineData("operator: {token: [NEEDS-JC]}")]
    [InlineData("operator: {token: \"a\\u2028b\"}")]
    [InlineData("operator: {input_file: ../x}")]
    [InlineData("operator: {input_file: a/b}")]
    [InlineData("operator: {input_file: 'a\\b'}")]
    [InlineData("operator: {input_file: .lock}")]
    [InlineData("operator: {input_file: ..}")]
    [InlineData("operator: {input_file: relay.db}")]
    [InlineData("operator: {input_file: relay.db-wal}")]
    [InlineData("operator: {input_file: Status.json}")]
    [InlineData("operator: {input_file: endpoint.json}")]
    [InlineData("operator: {input_file: conversation.json}")]
    [InlineData("operator: {input_file: \"a\\0b\"}")]
    [InlineData("budget: 5")]
    [InlineData("budget: {per_day_usd: '5'}")]
    [InlineData("budget: {per_day_usd: .inf}")]
    [InlineData("budget: {per_day_usd: .nan}")]
    [InlineData("budget: {per_day_usd: 1e3}")]
    [InlineData("budget: {per_day_usd: $5}")]
    [InlineData("sessions: session-1")]
    [InlineData("sessions:")]
    [InlineData("sessions: {session_id: a}")]
    [InlineData("sessions: [a]")]
    [InlineData("sessions: [{}]")]
    [InlineData("sessions: [{conversation: a}]")]
    [InlineData("sessions: [{session_id: 5}]")]
    [InlineData("sessions: [{session_id: ''}]")]
    [InlineData("sessions: [{session_id: ../etc}]")]
    [InlineData("sessions: [{session_id: a b}]")]
    [InlineData("sessions: [{session_id: \"a\\n\"}]")]
    [InlineData("sessions: [{session_id: é}]")]
    [InlineData("sessions: [{session_id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}]")]
    [InlineData("sessions: [{session_id: a, conversation: a/b}]")]
    [InlineData("sessions: [{session_id: a, conversation: ~}]")]
    [InlineData("- model: x")]
    [InlineData("just text")]
    [InlineData("42")]
    public void Anything_else_that_is_not_allowed_is_one_fault_in_one_line(string text)
    {
        var fault = SingleFault(text);

        Assert.StartsWith("config.yaml:1: ", fault);
        Assert.Contains("; allowed: ", fault);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    [Theory]
    [InlineData("127.0.0.1:7420", "127.0.0.1", 7420)]
    [InlineData("0.0.0.0:65535", "0.0.0.0", 65535)]
    [InlineData("localhost:0", "localhost", 0)]
    [InlineData("\"[::]:80\"", "::", 80)]
    [InlineData("\"[::ffff:10.0.0.1]:80\"", "::ffff:10.0.0.1", 80)]
    public void A_listen_address_is_read_and_printed(string value, string host, int port)
    {
        var listen = Valid($"listen: {value}").Listen;

        Assert.Equal(new ListenAddress(host, port), listen);
        Assert.Equal(value.Trim('"'), listen.ToString());
    }

    [Theory]
    [InlineData("7420")]
    [InlineData("':7420'")]
    [InlineData("127.0.0.1")]
    [InlineData("'127.0.0.1:'")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("127.0.0.1:99999999")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.1:0x50")]
    [InlineData("127.0.0.1:80/path")]
    [InlineData("127.1:80")]
    [InlineData("127.0.0.01:80")]
    [InlineData("256.0.0.1:80")]
    [InlineData("::1:80")]
    [InlineData("'[::1]'")]
    [InlineData("'[::g]:80'")]
    [InlineData("'[127.0.0.1]:80'")]
    [InlineData("'[fe80::1%eth0]:80'")]
    [InlineData("example.org:80")]
    [InlineData("'*:80'")]
    [InlineData("http://127.0.0.1:80")]
    [InlineData("' 127.0.0.1:80'")]
    [InlineData("[127.0.0.1, 80]")]
    public void A_listen_address_that_is_none_is_a_fault(string value)
    {
        Assert.StartsWith("config.yaml:1: listen: is ", SingleFault($"listen: {value}"));
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("1h30m", 5400)]
    [InlineData("1d", 86400)]
    [InlineData("1d2h3m4s", 93784)]
    [InlineData("30d", 2592000)]
    [InlineData("'1s'", 1)]
    public void A_duration_is_read(string value, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), Valid($"stuck_after: {value}").StuckAfter);
    }

    [Theory]
    [InlineData("auto", CacheTtl.Auto)]
    [InlineData("5m", CacheTtl.FiveMinutes)]
    [InlineData("\"1h\"", CacheTtl.OneHour)]
    [InlineData("off", CacheTtl.Off)]
    public void A_cache_ttl_is_read(string value, object expected)
    {
        Assert.Equal(expected, Valid($"cache_ttl: {value}").CacheTtl);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("")]
    public void A_budget_may_be_null(string value)
    {
        Assert.Null(Valid($"budget:\n  per_day_usd: {value}\n").Budget.PerDayUsd);
    }

    [Fact]
    public void No_sessions_at_all_are_allowed()
    {
        Assert.Empty(Valid("sessions: []").Sessions);
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
                "config.yaml:4: sessions[0].conversaton: unknown key, did you mean conversation?; allowed: session_id, conversation",
                "config.yaml:6: operator.Name: unknown key, did you mean name?; allowed: name, token, scan_chars, input_file",
                "config.yaml:7: operator.scan-chars: unknown key, did you mean scan_chars?; allowed: name, token, scan_chars, input_file",
                "config.yaml:8: budget.per_days_usd: unknown key, did you mean per_day_usd?; allowed: per_day_usd, per_month_usd",
                "config.yaml:9: anthropic_api_key: unknown key; allowed: model,",
            ],
            faults.Select(fault => fault.Contains(": model,", StringComparison.Ordinal) ? fault[..(fault.IndexOf(": model,", StringComparison.Ordinal) + 8)] : fault));
    }

    [Fact]
    public void The_known_keys_are_those_of_the_contract_and_of_the_agents()
    {
        Assert.EndsWith(
            "allowed: model, max_tokens, system_prompt, system_prompt_file, summarization_prompt, history_char_cap, keep_recent_turns, sessions, "
            + "accept_unknown_sessions, operator, listen, cache_ttl, max_parallel_turns, store, budget, stuck_after, max_envelope_bytes, advisor, agents",
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
        var faults = Faults("advisor: x\nmax_tokens: 0\nnope: 1\nsystem_prompt: ''\nsessions: [{session_id: '!'}, 5]\nbudget: {per_day_usd: -1}\n");

        Assert.Equal([1, 2, 3, 4, 5, 5, 6], faults.Select(fault => int.Parse(fault.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Theory]
    [InlineData("model: a\nmodel\n", 2)]
    [InlineData("model: [a\n", 2)]
    [InlineData("model: \"a\n", 2)]
    [InlineData("a: b: c\n", 1)]
    [InlineData("model: a\n  b: c\n", 2)]
    [InlineData("model: a\n}\n", 2)]
    [InlineData("model: @a\n", 1)]
    [InlineData("model: a\n---\nmodel: b\n", 2)]
    [InlineData("---\n---\n", 2)]
    [InlineData("? [a]\n: b\n", 1)]
    [InlineData("? {a: b}\n: c\n", 1)]
    [InlineData("*a : b\n", 1)]
    [InlineData("model: \"\\uD800\"\n", 1)]
    [InlineData("model: \"\\q\"\n", 1)]
    public void Malformed_YAML_is_one_fault_with_its_line(string text, int line)
    {
        var fault = SingleFault(text);

        Assert.StartsWith("config.yaml:", fault);
        Assert.True(Math.Abs(int.Parse(fault.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture) - line) <= 1, fault);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    [Theory]
    [InlineData("model: a\n\tmax_tokens: 5\n", 2)]
    [InlineData("operator:\n\tname: JC\n", 2)]
    [InlineData("operator:\n  name: JC\n \ttoken: x\n", 3)]
    public void A_tab_that_indents_is_told_as_such(string text, int line)
    {
        Assert.Equal($"config.yaml:{line}: a tab indents this line; allowed: spaces", SingleFault(text));
    }

    [Fact]
    public void A_tab_elsewhere_is_fine()
    {
        Assert.Equal("x", Valid("model:\tx\t# comment\n").Model);
    }

    [Fact]
    public void A_document_may_end_explicitly()
    {
        Assert.Equal("a", Valid("---\nmodel: a\n...\n").Model);
    }

    [Fact]
    public void An_anchored_value_can_be_used_again()
    {
        var config = Valid("model: &m opus\nsummarization_prompt: *m\nsessions: [&s {session_id: a}]\n");

        Assert.Equal(("opus", "opus"), (config.Model, config.SummarizationPrompt));
    }

    [Theory]
    [InlineData("model: *nowhere")]
    [InlineData("sessions: &s [*s]")]
    [InlineData("operator: &o {name: *o}")]
    public void An_alias_without_an_anchor_before_it_is_a_fault(string text)
    {
        Assert.Contains("has no anchor before it", SingleFault(text));
    }

    [Fact]
    public void A_file_that_is_tagged_is_a_fault()
    {
        Assert.Equal("config.yaml:1: the whole file: the tag tag:yaml.org,2002:map is not supported; allowed: lines of KEY: VALUE", SingleFault("!!map {model: x}"));
    }

    [Fact]
    public void A_merge_key_is_an_unknown_key()
    {
        Assert.StartsWith("config.yaml:2: operator.<<: unknown key", SingleFault("budget: &b {per_day_usd: 1}\noperator: {<<: *b}\n"));
    }

    [Fact]
    public void Aliases_that_would_grow_without_end_do_no_harm()
    {
        var text = new StringBuilder("a0: &a0 [x, x]\n");
        for (var i = 1; i < 100; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");

        Assert.Equal(101, Faults(text + "sessions: *a99\n").Count - 8);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    [InlineData("? ")]
    public void Nesting_without_end_is_a_fault_and_no_crash(string opening)
    {
        Assert.StartsWith("config.yaml:", SingleFault("model: x\nsessions:\n " + string.Concat(Enumerable.Repeat(opening, 20_000))));
    }

    [Fact]
    public void A_file_that_is_not_UTF_8_is_a_fault_with_its_line()
    {
        _temp.Write("config.yaml", [.. "model: a\nsystem_prompt: "u8, 0xE9, (byte)'\n']);

        Assert.Equal("config.yaml:2: this line is not UTF-8; allowed: UTF-8", Assert.Single(ConfigReader.Read(_temp.Home).Faults).ToString());
    }

    [Fact]
    public void A_file_too_large_is_a_fault()
    {
        Assert.Contains("too large", SingleFault("#" + new string('x', 1 << 20)));
    }

    [Fact]
    public void A_folder_in_its_place_is_a_fault()
    {
        Directory.CreateDirectory(_temp.Home.ConfigFile);

        Assert.StartsWith("config.yaml: cannot be read", Assert.Single(ConfigReader.Read(_temp.Home).Faults).ToString());
    }

    [Fact]
    public void A_hostile_value_is_shown_short_and_without_control_characters()
    {
        var fault = SingleFault($"listen: \"\\e[31m{new string('x', 5_000)}\\n\"");

        Assert.InRange(fault.Length, 1, 400);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    [Fact]
    public void A_hostile_key_is_shown_short_and_without_control_characters()
    {
        var fault = SingleFault($"\"\\e[31m{new string('x', 5_000)}\\n\": 1");

        Assert.InRange(fault.Length, 1, 500);
        Assert.DoesNotContain(fault, char.IsControl);
    }

    [Fact]
    public void Random_damage_to_a_valid_file_never_throws()
    {
        var random = new Random(7420);
        var valid = Encoding.UTF8.GetBytes(ConfigTemplate.Config);
        const string interesting = "\0\t\n\r \"'#%&*,-:>?@[]`{|}~!\\\u007F\u0085\u00FF";
        for (var round = 0; round < 2_000; round++)
        {
            var damaged = (byte[])valid.Clone();
            for (var i = 0; i < 4; i++)
                damaged[random.Next(damaged.Length)] = (byte)interesting[random.Next(interesting.Length)];
            _temp.Write("config.yaml", damaged);

            Assert.All(ConfigReader.Read(_temp.Home).Faults, fault => Assert.DoesNotContain(fault.ToString(), char.IsControl));
        }
    }

    private RelayConfig Valid(string text)
    {
        _temp.Write("config.yaml", text);
        var (config, faults) = ConfigReader.Read(_temp.Home);
        Assert.Empty(faults);
        return config;
    }

    private List<string> Faults(string text)
    {
        _temp.Write("config.yaml", text);
        return [.. ConfigReader.Read(_temp.Home).Faults.Select(fault => fault.ToString())];
    }

    private string SingleFault(string text) => Assert.Single(Faults(text));
}
