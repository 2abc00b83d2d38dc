using System.Text.Json;
using System.Text.RegularExpressions;

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

/// <summary>Allows a tool without asking, if its input matches the pattern. In the pattern * stands for any text.
/// For Bash it does not stand for characters that start another command: "git status*" does not cover "git status; rm -rf x".</summary>
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
        var text = MatchedText(given);
        if (tool != "Bash" && HasParentSegment(text))
            return false;
        return Regex.IsMatch(text, $@"\A{pattern}\z", RegexOptions.Singleline, TimeSpan.FromSeconds(1));
    }

    /// <summary>"/projects/*" must not cover "/projects/../etc/passwd".</summary>
    private static bool HasParentSegment(string path) => path.Split('/', '\\').Contains("..");

    /// <summary>The part of the input that patterns are written for: the command, the file or the address; else all of it.</summary>
    private static string MatchedText(JsonElement input)
    {
        if (input.ValueKind != JsonValueKind.Object)
            return input.GetRawText();
        foreach (var name in (string[])["command", "file_path", "url", "path"])
            if (input.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String)
                return value.GetString()!;
        return input.GetRawText();
    }
}
