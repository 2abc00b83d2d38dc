namespace Relay.Configuration;

/// <summary>How Claude Code sessions are served.</summary>
internal sealed record AgentsConfig
{
    /// <summary>How many rounds of relay mode may follow each other without the operator or the user.</summary>
    public int MaxRounds { get; init; } = 25;

    /// <summary>A command that wakes a headless session with a late reply; empty is off.
    /// {claude_session_id} is replaced, and the reply is its standard input.</summary>
    public string Wake { get; init; } = "";

    public IReadOnlyList<AllowRule> Allow { get; init; } = [];
}
