using System.Globalization;
using System.Text.Json.Nodes;
using Relay.Agents.Tools;
using Relay.Cli;
using Relay.Conversations;
using Relay.Running;

namespace Relay.Agents.Connect;

/// <summary>What a connected session is to do.</summary>
/// <param name="Url">The relay's address.</param>
/// <param name="Command">The command line that runs this program, each word quoted for a shell.</param>
/// <param name="Home">Of the relay.</param>
/// <param name="Session">Its name; null leaves it to RELAY_SESSION or the relay.</param>
/// <param name="Relays">Relay mode: the session's last message goes to the advisor at each stop.</param>
/// <param name="Permissions">Ask the operator for permissions.</param>
/// <param name="MaxRounds">The relay's own limit; the client's limit of blocked stops is set one above it.</param>
/// <param name="Version">Of this program, which is the plugin's too.</param>
internal sealed record Connection(string Url, string Command, string Home, string? Session, bool Relays, bool Permissions, int MaxRounds, string Version);

/// <summary>The entries in Claude Code's files that connect a session. They hold no token: that comes from the session's environment.</summary>
internal sealed class ClientEntries(Connection connection)
{
    public const string Server = "relay", BlockCap = "CLAUDE_CODE_STOP_HOOK_BLOCK_CAP";

    private const string SessionHeader = "X-Relay-Session";

    /// <summary>Seconds. A held Stop hook is released 50 s before the client would give it up; a waiter may stay for a week.</summary>
    private const int StopTimeout = 1_200, StopHold = 1_150, PermissionTimeout = 600, WaiterTimeout = 604_800, StartTimeout = 10, OtherTimeout = 5;

    /// <summary>Milliseconds that a tool call may take, which is also how long the client waits for a relay that was killed in the middle of one:
    /// it does not see that the connection has ended. <see cref="AdvisorTools"/> answers before it.</summary>
    private const int ToolTimeout = 600_000;

    /// <summary>The tools of the relay, as a project's server names them and as a plugin's does.</summary>
    private const string OwnTools = "mcp__relay__.*|mcp__plugin_relay_relay__.*";

    public string Version => connection.Version;

    /// <summary>For .mcp.json, under mcpServers.</summary>
    public JsonObject McpServer() => new()
    {
        ["type"] = "http",
        ["url"] = connection.Url + "/mcp",
        ["alwaysLoad"] = true, // Else the tools hide behind a search, and a model may never see them.
        ["timeout"] = ToolTimeout,
        ["headers"] = new JsonObject
        {
            ["Authorization"] = "Bearer ${RELAY_TOKEN}",
            [SessionHeader] = connection.Session ?? "${RELAY_SESSION:-none}",
        },
    };

    /// <summary>For settings.json or a plugin's hooks.json: the groups of each event.</summary>
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

    /// <summary>One above the relay's own limit, so that the relay's strikes first and nothing it says is lost.</summary>
    public string BlockCapValue => (connection.MaxRounds + 1).ToString(CultureInfo.InvariantCulture);

    public static bool IsOurServer(JsonNode? server) => server is JsonObject entry && entry["headers"] is JsonObject headers && headers.ContainsKey(SessionHeader);

    public static bool IsOurHook(JsonNode? hook) => hook is JsonObject entry && (Text(entry, "type") switch
    {
        "http" => entry["headers"] is JsonObject headers && headers.ContainsKey(SessionHeader) && (Text(entry, "url") ?? "").EndsWith("/hooks/claude-code", StringComparison.Ordinal),
        "command" => Text(entry, "command") is { } command
            && (command.Contains(" hook session-start --home ", StringComparison.Ordinal) || command.Contains(" hook wait --home ", StringComparison.Ordinal)),
        _ => false,
    });

    private JsonObject Stop()
    {
        var hook = Http(StopTimeout);
        var headers = (JsonObject)hook["headers"]!;
        headers["X-Relay-Mode"] = connection.Relays ? "relay" : "ask";
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
        ["headers"] = new JsonObject { ["Authorization"] = "Bearer $RELAY_TOKEN", [SessionHeader] = connection.Session ?? "$RELAY_SESSION" },
        ["allowedEnvVars"] = new JsonArray("RELAY_TOKEN", "RELAY_SESSION"),
    };

    private JsonObject Command(string hook, int timeout) => new()
    {
        ["type"] = "command",
        ["command"] = $"{connection.Command} hook {hook} --home {ShellWord.Quote(connection.Home)} --url {connection.Url}{(connection.Session is { } name ? " --session " + name : "")}",
        ["timeout"] = timeout,
    };

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

    private static string? Text(JsonObject entry, string name) => entry[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}

/// <summary>One word as a POSIX shell reads it back.</summary>
internal static class ShellWord
{
    public static string Quote(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or ':' or '=' or '+' or ',')
        ? word
        : "'" + word.Replace("'", @"'\''") + "'";
}
