using System.Buffers;
using System.Text;
using Relay.Files;
using Relay.Texts;
using YamlDotNet.Core;

namespace Relay.Configuration;

/// <summary>Reads config.yaml: (1) the text, (2) its YAML, (3) every key by its rule.
/// Collects all faults, in the order of their lines.</summary>
internal sealed class ConfigReader
{
    public const int LargestBytes = 1 << 20;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<char> ForbiddenCharacters = SearchValues.Create(
        [.. from code in Enumerable.Range(0, 0xA0)
            let c = (char)code
            where char.IsControl(c) && c is not ('\t' or '\n' or '\r' or '\u0085')
            select c]);

    private readonly RelayHome _home;
    private readonly string _path;
    private readonly string _file;
    private readonly List<ConfigFault> _faults = [];
    private string _text = "";
    private bool _isBlank;
    private readonly List<(Section Item, int Line, string Id)> _sessionsAt = [];

    private ConfigReader(RelayHome home, string path)
    {
        _home = home;
        _path = path;
        _file = Path.GetFileName(path);
    }

    /// <summary>A missing or empty file means all defaults. A key with a fault gets its default, too.</summary>
    public static (RelayConfig Config, IReadOnlyList<ConfigFault> Faults) Read(RelayHome home)
    {
        var file = Read(home, home.ConfigFile);
        return (file.Config, file.Faults);
    }

    /// <inheritdoc cref="Read(RelayHome)"/>
    public static ConfigFile Read(RelayHome home, string path)
    {
        var reader = new ConfigReader(home, path);
        var config = reader.ReadConfig(reader.ReadRoot());
        return new ConfigFile(config, [.. reader._faults.OrderBy(fault => fault.Line)], reader._text, reader._isBlank);
    }

    private Section ReadRoot()
    {
        var root = ReadText() is { } text ? ReadYaml(_text = text) : null;
        _isBlank = root is null or YamlValue.Scalar { Kind: ScalarKind.Null };
        switch (root)
        {
            case YamlValue.Map map:
                return new Section(map, "", _file, _faults);
            case null or YamlValue.Scalar { Kind: ScalarKind.Null }:
                return Section.Empty(_file, _faults);
            default:
                Fault(root.Line, $"the whole file: {root.Problem}; allowed: lines of KEY: VALUE");
                return Section.Empty(_file, _faults);
        }
    }

    private string? ReadText()
    {
        switch (BoundedFile.ReadOwn(_path, LargestBytes))
        {
            case FileContent.Bytes bytes:
                return Decode(bytes.Content);
            case FileContent.Unreadable unreadable:
                Fault(null, unreadable.Reason);
                return null;
            default:
                return null;
        }
    }

    private string? Decode(byte[] content)
    {
        try
        {
            return RefuseControlCharacters(StrictUtf8.GetString(content).TrimStart('\uFEFF'));
        }
        catch (DecoderFallbackException exception)
        {
            Fault(1 + content.AsSpan(0, exception.Index).Count((byte)'\n'), "this line is not UTF-8; allowed: UTF-8");
            return null;
        }
    }

    private string? RefuseControlCharacters(string text)
    {
        var at = text.AsSpan().IndexOfAny(ForbiddenCharacters);
        if (at < 0)
            return text;

        Fault(1 + text.AsSpan(0, at).Count('\n'), "there is a control character in this line; allowed: plain text");
        return null;
    }

    private YamlValue? ReadYaml(string text)
    {
        try
        {
            return YamlDocument.Parse(text);
        }
        catch (YamlException exception)
        {
            var line = (int)exception.Start.Line;
            if (TabIndentedLine(text, line) is { } tabbed)
                Fault(tabbed, "a tab indents this line; allowed: spaces");
            else
                Fault(line, $"malformed YAML: {Printable.OneLine(exception.Message)}");
            return null;
        }
    }

    // YamlDotNet reports a tab one line too early.
    private static int? TabIndentedLine(string text, int reported)
    {
        var near = text.Split('\n').Skip(reported - 1).Take(2).ToList();
        var found = near.FindIndex(line => line[..^line.TrimStart(' ', '\t').Length].Contains('\t'));
        return found < 0 ? null : reported + found;
    }

    private RelayConfig ReadConfig(Section root)
    {
        var defaults = new RelayConfig();
        var config = new RelayConfig
        {
            Model = root.Read("model", defaults.Model, Rules.Line(longest: 200)),
            MaxTokens = root.Read("max_tokens", defaults.MaxTokens, Rules.Integer(1, 128_000)),
            SystemPrompt = root.Read("system_prompt", defaults.SystemPrompt, Rules.Prose),
            SystemPromptFile = FindSystemPromptFile(root),
            SummarizationPrompt = root.Read("summarization_prompt", defaults.SummarizationPrompt, Rules.Prose),
            HistoryCharCap = root.Read("history_char_cap", defaults.HistoryCharCap, Rules.Integer(100, 50_000_000)),
            KeepRecentTurns = root.Read("keep_recent_turns", defaults.KeepRecentTurns, Rules.Integer(1, 1_000)),
            RulingsCharCap = root.Read("rulings_char_cap", defaults.RulingsCharCap, Rules.Integer(100, 50_000_000)),
            Sessions = root.Children("sessions") is { } sessions ? ReadSessions(sessions) : defaults.Sessions,
            AcceptUnknownSessions = root.Read("accept_unknown_sessions", defaults.AcceptUnknownSessions, Rules.Boolean),
            Operator = ReadOperator(root.Child("operator"), defaults.Operator),
            Listen = ListenReader.Read(root, defaults.Listen, _home),
            PublicUrl = root.Read("public_url", defaults.PublicUrl, Rules.PublicUrl),
            Proxies = root.Read("proxies", defaults.Proxies, ProxyRule.Proxies),
            Phone = PhoneReader.Read(root),
            CacheTtl = root.Read("cache_ttl", defaults.CacheTtl, Rules.CacheTtl),
            MaxParallelTurns = root.Read("max_parallel_turns", defaults.MaxParallelTurns, Rules.Integer(1, 1_000)),
            Store = root.Read("store", defaults.Store, Rules.Store),
            Budget = ReadBudget(root.Child("budget")),
            StuckAfter = root.Read("stuck_after", defaults.StuckAfter, Rules.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromDays(30))),
            TakesFiles = root.Read("queue", defaults.TakesFiles, Rules.OnOff),
            MaxEnvelopeBytes = root.Read("max_envelope_bytes", defaults.MaxEnvelopeBytes, Rules.Integer(64, 104_857_600)),
            Advisor = root.Read("advisor", defaults.Advisor, Rules.Advisor),
            Agents = ReadAgents(root.Child("agents"), defaults.Agents),
        };
        root.ReportUnknownKeys();
        foreach (var (item, line, id) in _sessionsAt)
            if (ReservedNames.IsOperators(id, config.Operator.Name))
                item.Fault(line, "session_id", $"{id} is the operator's own name; allowed: any other");
        return config.SystemPromptFile is { } path
            ? config with { SystemPrompt = root.Read("system_prompt_file", config.SystemPrompt, _ => PromptFile(path)) }
            : config;
    }

    private string? FindSystemPromptFile(Section root)
    {
        var name = root.Read("system_prompt_file", "", Rules.Line(longest: 1_000));
        if (root.LineOf("system_prompt_file") is { } fileLine && root.LineOf("system_prompt") is { } line)
            root.Fault(Math.Max(line, fileLine), "system_prompt_file", "excludes system_prompt; allowed: one of the two");

        return name.Length > 0 ? Path.GetFullPath(name, _home.Root) : null;
    }

    private static Parsed<string> PromptFile(string path)
    {
        const string allowed = "a UTF-8 text file that is not blank, its path relative to the home folder";
        if (BoundedFile.ReadOwn(path, LargestBytes) is not FileContent.Bytes bytes)
            return new Parsed<string>.Invalid($"there is no readable file of up to {LargestBytes} bytes", allowed);

        try
        {
            var text = StrictUtf8.GetString(bytes.Content).TrimStart('\uFEFF');
            return string.IsNullOrWhiteSpace(text)
                ? new Parsed<string>.Invalid("the file is blank", allowed)
                : new Parsed<string>.Valid(text);
        }
        catch (DecoderFallbackException)
        {
            return new Parsed<string>.Invalid("the file is not UTF-8", allowed);
        }
    }

    private List<SessionConfig> ReadSessions(IReadOnlyList<Section> items)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var sessions = new List<SessionConfig>();
        foreach (var item in items)
        {
            var session = new SessionConfig(
                item.Read("session_id", "", Rules.SessionName),
                item.Read("conversation", SessionConfig.DefaultConversation, Rules.Id))
            {
                User = item.Read("user", null, UserRule.User),
            };
            item.ReportUnknownKeys();

            var id = session.SessionId;
            var line = item.LineOf("session_id");
            if (line is null)
                item.Require("session_id", Rules.IdText);
            else if (id.Length > 0 && !lines.TryAdd(id, line.Value))
                item.Fault(line.Value, "session_id", $"{id} is listed a second time, after line {lines[id]}; allowed: once");
            else if (id.Length > 0)
                sessions.Add(session);
            if (line is not null)
                _sessionsAt.Add((item, line.Value, id));
        }
        return sessions;
    }

    private static OperatorConfig ReadOperator(Section section, OperatorConfig defaults)
    {
        var config = new OperatorConfig
        {
            Name = section.Read("name", defaults.Name, Rules.Line(longest: 64)),
            Token = section.Read("token", defaults.Token, Rules.Line(longest: 64)),
            ScanChars = section.Read("scan_chars", defaults.ScanChars, Rules.Integer(1, 100_000)),
            InputFile = section.Read("input_file", defaults.InputFile, Rules.StateFileName),
        };
        section.ReportUnknownKeys();
        return config;
    }

    private static BudgetConfig ReadBudget(Section section)
    {
        var config = new BudgetConfig
        {
            PerDayUsd = section.Read("per_day_usd", null, Rules.Amount),
            PerMonthUsd = section.Read("per_month_usd", null, Rules.Amount),
            Reserve = section.Read("reserve", ReserveKind.Worst, Rules.Reserve),
        };
        section.ReportUnknownKeys();
        return config;
    }

    private static AgentsConfig ReadAgents(Section section, AgentsConfig defaults)
    {
        var config = new AgentsConfig
        {
            MaxRounds = section.Read("max_rounds", defaults.MaxRounds, Rules.Integer(1, 1_000)),
            StopHold = section.Read("stop_hold", defaults.StopHold, Rules.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(19))),
            NewNamesPerHour = section.Read("new_names_per_hour", defaults.NewNamesPerHour, Rules.Integer(1, 100_000)),
            MaxPermissions = section.Read("max_permissions", defaults.MaxPermissions, Rules.Integer(1, 100)),
            Wake = section.Read("wake", defaults.Wake, Commands.Line),
            WakeProgram = section.Read("wake", defaults.WakeProgram, Commands.Program),
            WakeIn = section.Read("wake_in", defaults.WakeIn, Commands.Folders),
            SubagentPatience = section.Read("subagent_patience", defaults.SubagentPatience, Rules.Patience),
            AskAdvisorFirst = section.Read("ask_advisor_first", defaults.AskAdvisorFirst, Rules.Boolean),
            AdvisorMayAllow = section.Read("advisor_may_allow", defaults.AdvisorMayAllow, Rules.ToolNames),
            Allow = AllowRules("allow").Concat(AllowRules("permissions")).ToList() is { Count: > 0 } rules ? rules : defaults.Allow,
        };
        section.ReportUnknownKeys();
        return config;

        List<AllowRule> AllowRules(string key) => section.Children(key) is { } rules ? ReadAllowRules(rules) : [];
    }

    private static List<AllowRule> ReadAllowRules(IReadOnlyList<Section> items)
    {
        var rules = new List<AllowRule>();
        foreach (var item in items)
        {
            rules.Add(new AllowRule(item.Read("tool", "", Rules.Line(longest: 200)), item.Read("pattern", "", Rules.Line(longest: 1_000))));
            item.ReportUnknownKeys();
            item.Require("tool", "the name of a tool, such as Bash");
            item.Require("pattern", "what its input must be, * for anything");
        }
        return rules;
    }

    private void Fault(int? line, string message) => _faults.Add(new ConfigFault(_file, line, message));
}

/// <summary>What was read.</summary>
/// <param name="Config">The settings.</param>
/// <param name="Faults">In the order of their lines.</param>
/// <param name="Text">As it stands in the file.</param>
/// <param name="IsBlank">Without any setting: the file is missing or empty, or holds only comments.</param>
internal sealed record ConfigFile(RelayConfig Config, IReadOnlyList<ConfigFault> Faults, string Text, bool IsBlank);
