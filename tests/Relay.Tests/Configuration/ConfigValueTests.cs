using Relay.Configuration;
using Xunit;

namespace Relay.Tests.Configuration;

/// <summary>Which values the keys of config.yaml may have.</summary>
public sealed class ConfigValueTests : ConfigTests
{
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
        var listen = Valid($"listen: {value}\nbehind: proxy").Listen;

        Assert.Equal(new ListenAddress(host, port) { IsBehindProxy = true }, listen);
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

    [Theory]
    [InlineData("Relay", "are reserved")]
    [InlineData("operator-2", "are reserved")]
    [InlineData("Ada", "the operator's own name")]
    public void A_session_has_no_reserved_name(string name, string reason)
    {
        var fault = SingleFault($"sessions:\n  - session_id: {name}\noperator: {{name: ada}}\n");

        Assert.StartsWith("config.yaml:2: sessions[0].session_id: ", fault, StringComparison.Ordinal);
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    /// <summary>What is written there is sent to the advisor and removed.</summary>
    [Fact]
    public void No_file_of_the_relay_s_own_state_is_the_operator_s()
    {
        var own = typeof(RelayHome).GetProperties()
            .Where(property => property.PropertyType == typeof(string))
            .Select(property => (string)property.GetValue(Temp.Home)!)
            .Where(path => Path.GetDirectoryName(path) == Temp.Home.State)
            .Select(path => Path.GetFileName(path))
            .ToList();

        Assert.Contains("connections.key", own);
        Assert.All([.. own, "connected.json", "relay.sock"], name => Assert.Contains(
            "not one of relay's own state files", SingleFault($"operator: {{input_file: {name.ToUpperInvariant()}}}"),
            StringComparison.Ordinal));
    }

    [Fact]
    public void No_sessions_at_all_are_allowed()
    {
        Assert.Empty(Valid("sessions: []").Sessions);
    }
}
