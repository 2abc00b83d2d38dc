using System.Text.Json;
using System.Text.RegularExpressions;

namespace Relay.Configuration;

/// <summary>How Claude Code sessions are served.</summary>
internal sealed record AgentsConfig
{
    /// <summary>Rounds of relay mode in a row without the operator or the user.</summary>
    public int MaxRounds { get; init; } = 25;

    /// <summary>A command that wakes a headless session with a late reply; empty is off. {claude_session_id} is put in, the reply is its standard input.</summary>
    public string Wake { get; init; } = "";

    public IReadOnlyList<AllowRule> Allow { get; init; } = [];
}

/// <summary>A tool and what its input must be to be allowed without asking. In the pattern * stands for anything, but for nothing that would
/// start another shell command: "git status*" does not cover "git status; rm -rf x".</summary>
internal sealed record AllowRule(string Tool, string Pattern)
{
    private const string Anything = ".*";
    private const string AnythingInOneCommand = @"[^;&|`$<>()\r\n]*";

    public bool Covers(string tool, JsonElement? input)
    {
        if (tool != Tool || input is not { } given)
            return false;
        var star = tool == "Bash" ? AnythingInOneCommand : Anything;
        var pattern = string.Join(star, Pattern.Split('*').Select(Regex.Escape));
        var subject = Subject(given);
        return (tool == "Bash" || !Climbs(subject)) && Regex.IsMatch(subject, $@"\A{pattern}\z", RegexOptions.Singleline, TimeSpan.FromSeconds(1));
    }

    /// <summary>"/projects/*" is not meant to cover "/projects/../etc/passwd".</summary>
    private static bool Climbs(string path) => path.Split('/', '\\').Contains("..");

    /// <summary>What a person would write a pattern for: the command, the file, the address; else the whole input.</summary>
    private static string Subject(JsonElement input)
    {
        foreach (var name in (string[])["command", "file_path", "url", "path"])
            if (input.ValueKind == JsonValueKind.Object && input.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
                return value.GetString()!;
        return input.GetRawText();
    }
}
