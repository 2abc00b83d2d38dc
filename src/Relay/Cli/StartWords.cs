using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Agents.Connect;
using Relay.Configuration;
using Relay.Files;

namespace Relay.Cli;

/// <summary>What a session that starts, and its user, are told of the connection. The model gets it each time; the user only when a
/// session is opened, not after each of its compactions.</summary>
internal sealed class StartWords(HookOptions options, byte[] input)
{
    private const int LargestSettings = 16 << 20, LargestConfig = 64 << 20;

    private static string Project => Environment.GetEnvironmentVariable("CLAUDE_PROJECT_DIR") is { Length: > 0 } folder
        ? folder
        : Directory.GetCurrentDirectory();

    private string Home => options.Home.Length > 0 ? $" --home {ShellWord.Quote(options.Home)}" : "";

    /// <summary>The command that mends a connection.</summary>
    public string Connect => options switch
    {
        { IsForAllProjects: true } => $"relay connect claude-code --user{Home}",
        { Home.Length: 0 } => $"relay connect claude-code --project {ShellWord.Quote(Project)} --address {options.Url}",
        _ => $"relay connect claude-code --project {ShellWord.Quote(Project)}{Home}",
    };

    private string Start => HookScript.StartOf(options.Home);

    public string NotConnected(string reason, string command)
    {
        var answer = Answer($"Relay is not connected: {reason}. The advisor cannot be asked; go on without it and tell the user. "
            + $"What mends it is for the user to run: {command}");
        Tell(answer, $"Relay is not connected: {reason}. To mend it: {command}");
        return answer.ToJsonString();
    }

    public string Unreached()
    {
        if (IsOpening())
            UnreachedRelay.Tell(); // By this answer.
        return NotConnected($"nothing answers at {options.Place}", Start);
    }

    /// <summary>The relay's own answer, with what it cannot know.</summary>
    public string Connected(string body)
    {
        if (Warning() is not { } warning || JsonNode.Parse(body) is not JsonObject answer)
            return body;
        Tell(answer, warning);
        return answer.ToJsonString();
    }

    private string? Warning()
    {
        if (WhyToolsAreOff() is var (where, mend))
            return $"The tools of the relay are switched off in this project ({where}), so the advisor cannot be asked. To mend it: {mend}";
        return options.Form < ClientEntries.Form
            ? $"Relay: this project was connected by an older version. To bring it up to date: {Connect}"
            : options.Form > ClientEntries.Form
                ? $"Relay: this project was connected by a newer version than {ProgramVersion.Text}, which its hooks run now. To mend it, "
                    + $"install the newer one, or connect the project with this one: {Connect}"
                : null;
    }

    private void Tell(JsonObject answer, string message)
    {
        if (!IsOpening())
            return;
        var other = (string?)answer["systemMessage"];
        answer["systemMessage"] = other is null ? message : $"{other}\n{message}";
    }

    private bool IsOpening() => Parse(input)?["source"] is not JsonValue source
        || !source.TryGetValue<string>(out var text) || text is not ("compact" or "clear");

    private static JsonObject Answer(string context) => new()
    {
        ["hookSpecificOutput"] = new JsonObject { ["hookEventName"] = "SessionStart", ["additionalContext"] = context },
    };

    /// <summary>A no to the server of .mcp.json is in the project's local settings, one in /mcp in the client's configuration.</summary>
    private (string Where, string Mend)? WhyToolsAreOff()
    {
        var local = Parse(Read(Path.Combine(Project, ".claude", "settings.local.json"), LargestSettings));
        if (Names(local?["disabledMcpjsonServers"]))
            return ("at the question whether to trust the server", Connect);
        var folder = Environment.GetEnvironmentVariable("CLAUDE_CONFIG_DIR") is { Length: > 0 } own
            ? own
            : Environment.GetEnvironmentVariable("HOME") ?? "";
        var config = Read(Path.Combine(folder, ".claude.json"), LargestConfig);
        return config.AsSpan().IndexOf("disabledMcpServers"u8) >= 0
            && (Parse(config)?["projects"] as JsonObject)?[Project] is JsonObject project && Names(project["disabledMcpServers"])
                ? ("in /mcp", "enable the server relay in /mcp")
                : null;
    }

    private static bool Names(JsonNode? list) => (list as JsonArray)?.Any(each => each is JsonValue value
        && value.TryGetValue<string>(out var name) && name is ClientEntries.Server or "plugin:relay:relay") == true;

    private static byte[] Read(string path, int largest)
    {
        try
        {
            return BoundedFile.Read(path, largest) is FileContent.Bytes bytes ? bytes.Content : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static JsonObject? Parse(byte[] content)
    {
        try
        {
            return content.Length == 0 ? null : JsonNode.Parse(content) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
