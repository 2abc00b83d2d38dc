using System.Globalization;
using System.Text.Json.Nodes;
using Relay.Agents.Tools;

namespace Relay.Agents.Connect;

/// <summary>How a session is connected to the relay.</summary>
/// <param name="Url">The relay's address.</param>
/// <param name="Command">The command line that runs this program, each word quoted for a shell.</param>
/// <param name="Home">The relay's home folder.</param>
internal sealed record Connection(string Url, string Command, string Home)
{
    /// <summary>The session's name. When null, RELAY_SESSION or else the relay chooses it.</summary>
    public string? Session { get; init; }

    /// <summary>Whether the session's last message goes to the advisor each time it stops.</summary>
    public bool RelayMode { get; init; }

    /// <summary>Whether the operator is asked for permissions.</summary>
    public bool Permissions { get; init; }

    /// <summary>The relay's limit of rounds in relay mode.</summary>
    public int MaxRounds { get; init; }
}

/// <summary>The entries in Claude Code's files that connect a session.
/// They hold no token: it comes from the session's environment.</summary>
internal sealed class ClientEntries(Connection connection)
{
    public const string Server = "relay";

    /// <summary>Claude Code's limit of stops in a row that a hook may continue.</summary>
    public const string BlockCap = "CLAUDE_CODE_STOP_HOOK_BLOCK_CAP";

    private const string SessionHeader = "X-Relay-Session";

    /// <summary>Seconds after which the client gives a hook up. A waiter may run for a week.</summary>
    private const int StopTimeout = 1_200, PermissionTimeout = 600, WaiterTimeout = 604_800, StartTimeout = 10, OtherTimeout = 5;

    /// <summary>Seconds for which the relay holds a Stop hook: 50 less than the client's timeout.</summary>
    private const int StopHold = 1_150;

    /// <summary>Milliseconds after which the client gives a tool call up. <see cref="AdvisorTools"/> answers earlier.
    /// If the relay is killed during a call, the client waits this long, because it does not notice the closed connection.</summary>
    private const int ToolTimeout = 600_000;

    /// <summary>The relay's tools, under the names of a project's server and of a plugin's server.</summary>
    private const string OwnTools = "mcp__relay__.*|mcp__plugin_relay_relay__.*";

    /// <summary>For .mcp.json, under mcpServers.</summary>
    public JsonObject McpServer() => new()
    {
        ["type"] = "http",
        ["url"] = connection.Url + "/mcp",
        ["alwaysLoad"] = true, // Otherwise the client offers the tools only through a search, and a model may never see them.
        ["timeout"] = ToolTimeout,
        ["headers"] = new JsonObject
        {
            ["Authorization"] = "Bearer ${RELAY_SESSION_TOKEN}",
            [SessionHeader] = connection.Session ?? "${RELAY_SESSION:-none}",
        },
    };

    /// <summary>For settings.json or a plugin's hooks.json, under hooks: the hooks of each event.</summary>
    public JsonObject Hooks()
    {
        var hooks = new JsonObject
        {
            ["SessionStart"] = Groups(Group(Command("session-start", StartTimeout)), Group(Waiter())),
            ["UserPromptSubmit"] = Groups(Group(Http(OtherTimeout))),
            ["PreToolUse"] = Groups(Group(Http(OtherTimeout), OwnTools)),
            ["PostToolUse"] = Groups(Group(Http(OtherTimeout), "*")),
            ["Notification"] = Groups(Group(Http(OtherTimeout))),
            ["Stop"] = Groups(Group(Stop()), Group(Waiter())),
            ["SessionEnd"] = Groups(Group(Http(OtherTimeout))),
        };
        if (connection.Permissions)
            hooks["PermissionRequest"] = Groups(Group(Http(PermissionTimeout), "*"));
        return hooks;
    }

    /// <summary>One more than the relay's own limit, so that the relay's limit is reached first.
    /// At the client's limit a session stops although the hook has answered with a reply.</summary>
    public string BlockCapValue => (connection.MaxRounds + 1).ToString(CultureInfo.InvariantCulture);

    public static bool IsOurServer(JsonNode? server) => server is JsonObject entry && HasSessionHeader(entry);

    public static bool IsOurHook(JsonNode? hook) => hook is JsonObject entry && Text(entry, "type") switch
    {
        "http" => HasSessionHeader(entry) && (Text(entry, "url") ?? "").EndsWith("/hooks/claude-code", StringComparison.Ordinal),
        "command" => Text(entry, "command") is { } command
            && (command.Contains(" hook session-start --home ", StringComparison.Ordinal)
                || command.Contains(" hook wait --home ", StringComparison.Ordinal)),
        _ => false,
    };

    /// <summary>The home that a command hook of ours names; null for any other hook.</summary>
    public static string? HomeOf(JsonNode? hook)
    {
        const string before = " --home ", after = " --url ";
        if (!IsOurHook(hook) || Text((JsonObject)hook!, "command") is not { } command)
            return null;
        var from = command.IndexOf(before, StringComparison.Ordinal) + before.Length;
        var to = command.IndexOf(after, from, StringComparison.Ordinal);
        return to < 0 ? null : ShellWord.Unquote(command[from..to]);
    }

    private static bool HasSessionHeader(JsonObject entry) => entry["headers"] is JsonObject headers && headers.ContainsKey(SessionHeader);

    private JsonObject Stop()
    {
        var hook = Http(StopTimeout);
        var headers = (JsonObject)hook["headers"]!;
        headers["X-Relay-Mode"] = connection.RelayMode ? "relay" : "ask";
        headers["X-Relay-Hold"] = StopHold.ToString(CultureInfo.InvariantCulture);
        headers["X-Relay-Block-Cap"] = "$" + BlockCap;
        ((JsonArray)hook["allowedEnvVars"]!).Add(BlockCap);
        return hook;
    }

    private JsonObject Http(int timeout) => new()
    {
        ["type"] = "http",
        ["url"] = connection.Url + "/hooks/claude-code",
        ["timeout"] = timeout,
        ["onFailure"] = "continue",
        ["headers"] = new JsonObject
        {
            ["Authorization"] = "Bearer $RELAY_SESSION_TOKEN",
            [SessionHeader] = connection.Session ?? "$RELAY_SESSION",
        },
        ["allowedEnvVars"] = new JsonArray(LocalSettings.Variable, "RELAY_SESSION"),
    };

    private JsonObject Command(string hook, int timeout)
    {
        var session = connection.Session is { } name ? $" --session {name}" : "";
        return new JsonObject
        {
            ["type"] = "command",
            ["command"] =
                $"{connection.Command} hook {hook} --home {ShellWord.Quote(connection.Home)} --url {connection.Url}{session}",
            ["timeout"] = timeout,
        };
    }

    private JsonObject Waiter()
    {
        var hook = Command("wait", WaiterTimeout);
        hook["asyncRewake"] = true;
        return hook;
    }

    private static JsonArray Groups(params JsonNode[] groups) => new(groups);

    private static JsonObject Group(JsonObject hook, string? matcher = null)
    {
        var group = new JsonObject();
        if (matcher is not null)
            group["matcher"] = matcher;
        group["hooks"] = new JsonArray(hook);
        return group;
    }

    private static string? Text(JsonObject entry, string name) =>
        entry[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}

/// <summary>Quotes one word for a POSIX shell, if it needs quotes.</summary>
internal static class ShellWord
{
    private const string Safe = "/._-:=+,";

    public static string Quote(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || Safe.Contains(c))
        ? word
        : "'" + word.Replace("'", @"'\''") + "'";

    /// <summary>What <see cref="Quote"/> has quoted.</summary>
    public static string Unquote(string word) => word.StartsWith('\'') ? word[1..^1].Replace(@"'\''", "'") : word;
}
