using System.Net;
using System.Text.RegularExpressions;

namespace Relay.Configuration;

internal enum CacheTtl
{
    Auto,
    FiveMinutes,
    OneHour,
    Off,
}

internal enum AdvisorKind
{
    Anthropic,
    Simulated,
}

internal enum StoreKind
{
    Sqlite,
    Postgres,
}

/// <summary>What a call has to fit under a cap with.</summary>
internal enum ReserveKind
{
    /// <summary>All that it can cost: the cap is never passed.</summary>
    Worst,

    /// <summary>What it likely costs: the cap is passed by one call's worst at most.</summary>
    Likely,
}

internal sealed record SessionConfig(string SessionId, string Conversation)
{
    public const string DefaultConversation = "default";

    /// <summary>The user whose files in queue/ speak for it, beside the owner of the home.</summary>
    public uint? User { get; init; }
}

internal sealed record OperatorConfig
{
    public string Name { get; init; } = "JC";
    public string Token { get; init; } = "[NEEDS-JC]";
    public int ScanChars { get; init; } = 200;
    public string InputFile { get; init; } = "jc_input.txt";
}

/// <summary>Upper limits of what calls to the API may cost; null means no limit.</summary>
internal sealed record BudgetConfig
{
    public decimal? PerDayUsd { get; init; }
    public decimal? PerMonthUsd { get; init; }
    public ReserveKind Reserve { get; init; } = ReserveKind.Worst;
}

/// <summary>The settings of config.yaml. Every property starts with its key's default.</summary>
internal sealed partial record RelayConfig
{
    public string Model { get; init; } = "claude-opus-5-5";
    public int MaxTokens { get; init; } = 16_000;

    /// <summary>As written in the settings. The advisor gets <see cref="SystemPromptText"/>.</summary>
    public string SystemPrompt { get; init; } = Prompts.System;

    /// <summary>The absolute path of the file that holds the system prompt, if there is one. It is watched for changes.</summary>
    public string? SystemPromptFile { get; init; }

    public string SummarizationPrompt { get; init; } = Prompts.Summarization;
    public int HistoryCharCap { get; init; } = 400_000;
    public int KeepRecentTurns { get; init; } = 10;

    /// <summary>How long a summary is asked to be at most. One of twice the length is cut.</summary>
    public int SummaryCharacters => Math.Clamp(HistoryCharCap / 8, 500, 20_000);
    public IReadOnlyList<SessionConfig> Sessions { get; init; } = [new("session-1", SessionConfig.DefaultConversation)];
    public bool AcceptUnknownSessions { get; init; } = true;
    /// <summary>Over so many characters of rulings in force the operator is told which to retire.</summary>
    public int RulingsCharCap { get; init; } = 40_000;

    public OperatorConfig Operator { get; init; } = new();
    public ListenAddress Listen { get; init; } = new("127.0.0.1", 7420);

    /// <summary>Where people reach it, as behind a proxy or a VPN; null for where it listens.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>From whom headers are believed that say where a request came from.</summary>
    public IReadOnlyList<IPNetwork> Proxies { get; init; } = [];

    public PhoneConfig Phone { get; init; } = new();

    public CacheTtl CacheTtl { get; init; } = CacheTtl.Auto;

    /// <summary>How many conversations may be asked at the same time.</summary>
    public int MaxParallelTurns { get; init; } = 16;

    public BudgetConfig Budget { get; init; } = new();
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Whether files in queue/ are taken.</summary>
    public bool TakesFiles { get; init; } = true;

    public int MaxEnvelopeBytes { get; init; } = 1_048_576;
    public StoreKind Store { get; init; } = StoreKind.Sqlite;
    public AdvisorKind Advisor { get; init; } = AdvisorKind.Anthropic;
    public AgentsConfig Agents { get; init; } = new();

    /// <summary>The system prompt to send. In the built-in one the operator's name and token are filled in;
    /// a user's own prompt is sent word for word.</summary>
    public string SystemPromptText => SystemPrompt == Prompts.System
        ? Placeholder().Replace(SystemPrompt, match => match.Value == "{token}" ? Operator.Token : Operator.Name)
        : SystemPrompt;

    /// <summary>Equality by value, lists included. (The record's own equality compares lists by reference.)</summary>
    public bool SameAs(RelayConfig other) =>
        this == other with { Sessions = Sessions, Agents = Agents, Proxies = Proxies, Phone = Phone }
        && Proxies.SequenceEqual(other.Proxies)
        && Phone.SameAs(other.Phone)
        && Sessions.SequenceEqual(other.Sessions)
        && Agents.SameAs(other.Agents);

    [GeneratedRegex(@"\{(operator|token)\}")]
    private static partial Regex Placeholder();
}
