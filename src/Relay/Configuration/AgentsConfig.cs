namespace Relay.Configuration;

/// <summary>How Claude Code sessions are served.</summary>
internal sealed record AgentsConfig
{
    /// <summary>How many rounds of relay mode may follow each other without the operator or the user.</summary>
    public int MaxRounds { get; init; } = 25;

    /// <summary>How long a Stop is held for a reply where a waiter can wake its session: a prompt typed meanwhile waits as long.</summary>
    public TimeSpan StopHold { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How many new session names one credential may make in an hour.</summary>
    public int NewNamesPerHour { get; init; } = 30;

    /// <summary>How many permission requests of a session may wait for the operator at once.</summary>
    public int MaxPermissions { get; init; } = 3;

    /// <summary>A command that wakes a headless session with a late reply; empty is off.
    /// {claude_session_id} is replaced, and the reply is its standard input.</summary>
    public string Wake { get; init; } = "";

    /// <summary>The absolute path of that command's program; empty when it is off.</summary>
    public string WakeProgram { get; init; } = "";

    /// <summary>Folders in and below which sessions may be woken, beside those that relay connect has connected.</summary>
    public IReadOnlyList<string> WakeIn { get; init; } = [];

    /// <summary>How long a subagent's request waits for the operator: meanwhile it has no dialog at the terminal.</summary>
    public TimeSpan SubagentPatience { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Whether the advisor is asked before the operator what it would choose.</summary>
    public bool AskAdvisorFirst { get; init; }

    /// <summary>The tools that the advisor may allow by itself.</summary>
    public IReadOnlyList<string> AdvisorMayAllow { get; init; } = [];

    public IReadOnlyList<AllowRule> Allow { get; init; } = [];

    /// <summary>Lists are compared by what is in them.</summary>
    public bool SameAs(AgentsConfig other) =>
        this == other with { Allow = Allow, WakeIn = WakeIn, AdvisorMayAllow = AdvisorMayAllow }
        && WakeIn.SequenceEqual(other.WakeIn)
        && Allow.SequenceEqual(other.Allow)
        && AdvisorMayAllow.SequenceEqual(other.AdvisorMayAllow);
}
