using System.Globalization;
using System.Text.Json.Nodes;

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

    /// <summary>The path of the <see cref="HookScript"/>, quoted for a shell.</summary>
    public required string Script { get; init; }

    /// <summary>The file without which the program is not there, for entries that are committed: where it is not, another user's may be in
    /// PATH, or none. Null for entries of this user alone.</summary>
    public string? SharedProgram { get; init; }

    /// <summary>Where the token is, for sessions that have none in their environment.</summary>
    public string? TokenFile { get; init; }
}

/// <summary>The entries in Claude Code's files that connect a session.
/// They hold no token: it comes from the session's environment, or by a command that prints it.</summary>
internal sealed class ClientEntries(Connection connection)
{
    public const string Server = "relay";

    /// <summary>Claude Code's limit of stops in a row that a hook may continue.</summary>
    public const string BlockCap = "CLAUDE_CODE_STOP_HOOK_BLOCK_CAP";

    private static readonly KeyValuePair<string, string> Telling = new(HookScript.Tell, "");

    private const string SessionHeader = "X-Relay-Session", HeadersOf = " hook headers ";

    /// <summary>Seconds after which the client gives a hook up. A waiter may run for a week.</summary>
    private const int StopTimeout = 1_200, PermissionTimeout = 600, WaiterTimeout = 604_800, StartTimeout = 10, OtherTimeout = 5;

    /// <summary>Seconds for which the relay holds a Stop hook: 50 less than the client's timeout.</summary>
    private const int StopHold = 1_150;

    /// <summary>Of these entries. A session that starts with older ones is told to connect again.</summary>
    public const int Form = 2;

    /// <summary>The relay's tools, under the names of a project's server and of a plugin's server.</summary>
    private const string OwnTools = "mcp__relay__.*|mcp__plugin_relay_relay__.*";

    /// <summary>For .mcp.json, under mcpServers.</summary>
    public JsonObject McpServer()
    {
        var server = Common();
        server["headers"] = new JsonObject
        {
            ["Authorization"] = "Bearer ${RELAY_SESSION_TOKEN}",
            [SessionHeader] = connection.Session ?? "${RELAY_SESSION:-none}",
        };
        return server;
    }

    /// <summary>The server for files that are this user's alone: a command prints its headers each time it is connected to. So it has its
    /// token also where the project's settings are not read, as in another work tree of the same repository.</summary>
    /// <param name="name">The connection's; null where its token is in a file.</param>
    public JsonObject McpServer(string? name)
    {
        var server = Common();
        var token = name is null ? $"--token-file {ShellWord.Quote(connection.TokenFile!)}" : $"--name {name}";
        var session = connection.Session is { } given ? $" --session {given}" : "";
        server["headersHelper"] = $"{connection.Command}{HeadersOf}--home {ShellWord.Quote(connection.Home)} {token}{session}";
        return server;
    }

    /// <summary>It has no timeout: a call may last for a day then as long as progress is reported, and a relay that was killed is noticed
    /// within minutes; with one, only when it is over.</summary>
    private JsonObject Common() => new()
    {
        ["type"] = "http",
        ["url"] = connection.Url + "/mcp",
        ["alwaysLoad"] = true, // Otherwise the client offers the tools only through a search, and a model may never see them.
    };

    /// <summary>For settings.json or a plugin's hooks.json, under hooks: the hooks of each event.</summary>
    public JsonObject Hooks()
    {
        var hooks = new JsonObject
        {
            ["SessionStart"] = Groups(Group(Command("session-start", StartTimeout)), Group(Waiter())),
            ["UserPromptSubmit"] = Groups(Group(Event(OtherTimeout, Telling))),
            ["PreToolUse"] = Groups(Group(Event(OtherTimeout), OwnTools)),
            ["PostToolUse"] = Groups(Group(Event(OtherTimeout), "*")),
            ["Notification"] = Groups(Group(Event(OtherTimeout))),
            ["Stop"] = Groups(Group(Stop()), Group(Waiter())),
            ["StopFailure"] = Groups(Group(Event(OtherTimeout))),
            ["SessionEnd"] = Groups(Group(Event(OtherTimeout))),
        };
        if (!connection.Permissions)
            return hooks;
        hooks["PermissionRequest"] = Groups(Group(Permission(), "*"));
        hooks["PostToolUseFailure"] = Groups(Group(Event(OtherTimeout), "*")); // These two show what was settled at the terminal.
        hooks["PostToolBatch"] = Groups(Group(Event(OtherTimeout)));
        return hooks;
    }

    /// <summary>One more than the relay's own limit, so that the relay's limit is reached first.
    /// At the client's limit a session stops although the hook has answered with a reply.</summary>
    public string BlockCapValue => (connection.MaxRounds + 1).ToString(CultureInfo.InvariantCulture);

    public static bool IsOurServer(JsonNode? server) => server is JsonObject entry
        && (HasSessionHeader(entry) || Text(entry, "headersHelper")?.Contains(HeadersOf, StringComparison.Ordinal) == true);

    public static bool IsOurHook(JsonNode? hook) => hook is JsonObject entry && Text(entry, "type") switch
    {
        "http" => HasSessionHeader(entry) && (Text(entry, "url") ?? "").EndsWith("/hooks/claude-code", StringComparison.Ordinal),
        "command" => Text(entry, "command") is { } command
            && (command.Contains(" hook session-start --", StringComparison.Ordinal)
                || command.Contains(" hook wait --", StringComparison.Ordinal)
                || HookScript.IsCommand(command)),
        _ => false,
    };

    /// <summary>The home that a command hook of ours names; null for any other hook.</summary>
    public static string? HomeOf(JsonNode? hook)
    {
        const string before = " --home ", after = " --url ";
        if (!IsOurHook(hook) || Text((JsonObject)hook!, "command") is not { } command)
            return null;
        var from = command.LastIndexOf(before, StringComparison.Ordinal) + before.Length;
        var to = command.LastIndexOf(after, StringComparison.Ordinal);
        return from < before.Length || to < from ? null : ShellWord.Unquote(command[from..to]);
    }

    private static bool HasSessionHeader(JsonObject entry) => entry["headers"] is JsonObject headers && headers.ContainsKey(SessionHeader);

    private JsonObject Stop()
    {
        var hook = Event(
            StopTimeout,
            Telling,
            new("X-Relay-Mode", connection.RelayMode ? "relay" : "ask"),
            new("X-Relay-Hold", StopHold.ToString(CultureInfo.InvariantCulture)));
        hook["statusMessage"] = connection.RelayMode ? "waiting for the advisor's reply" : "looking for the advisor's replies";
        return hook;
    }

    private JsonObject Permission()
    {
        var hook = Event(PermissionTimeout);
        hook["statusMessage"] = "asking the operator, too";
        return hook;
    }

    /// <summary>Hands an event over. The script gives up a little before the client would end it.</summary>
    private JsonObject Event(int timeout, params KeyValuePair<string, string>[] headers)
    {
        if (connection.Session is { } session)
            headers = [new(SessionHeader, session), .. headers];
        return new JsonObject
        {
            ["type"] = "command",
            ["command"] = HookScript.Command(connection.Script, Math.Max(timeout - 5, timeout * 4 / 5), headers),
            ["timeout"] = timeout,
        };
    }

    /// <summary>Where the home is another user's, it is not named.</summary>
    private JsonObject Command(string hook, int timeout)
    {
        var home = connection.Home.Length > 0 ? $" --home {ShellWord.Quote(connection.Home)}" : "";
        var session = connection.Session is { } name ? $" --session {name}" : "";
        var token = connection.TokenFile is { } file ? $" --token-file {ShellWord.Quote(file)}" : "";
        var rest = FormattableString.Invariant($" --url {connection.Url}{session}{token} --form {Form}");
        return new JsonObject
        {
            ["type"] = "command",
            ["command"] = $"{OrAnothers($"{hook}{rest}")}{connection.Command} hook {hook}{home}{rest}",
            ["timeout"] = timeout,
        };
    }

    /// <summary>In a file that others have, too: where this user's program is not, theirs does it, or nothing is done, without a word.
    /// </summary>
    private string OrAnothers(string hook) => connection.SharedProgram is { } program
        ? $"[ -e {program} ] || {{ command -v relay >/dev/null && exec relay hook {hook}; exit 0; }}; "
        : "";

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
