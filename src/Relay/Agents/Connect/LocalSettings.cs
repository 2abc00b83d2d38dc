using System.Text.Json.Nodes;
using Relay.Configuration;

namespace Relay.Agents.Connect;

/// <summary>What goes into .claude/settings.local.json, which is one person's and never committed: the connection's token, and rules
/// that keep a session from the home and from the operator's commands. The rules are a fence against slips and no border: a session
/// that has a shell of the operator's own user can get around them.</summary>
internal sealed class LocalSettings(string token, string home, string project)
{
    public const string Variable = "RELAY_SESSION_TOKEN";

    private const string Permissions = "permissions", Deny = "deny", Environment = "env";

    private const string Enabled = "enabledMcpjsonServers", Disabled = "disabledMcpjsonServers";

    private static readonly string[] Commands =
        ["answer", "say", "watch", "dashboard", "token", "tokens", "env", "retry", "drop", "rulings", "pause", "resume", "budget"];

    /// <summary>Those for which every version wrote rules.</summary>
    private static readonly string[] FirstCommands = ["answer", "token", "tokens", "env", "retry", "drop"];

    private static readonly HashSet<string> CommandRules = Commands.Select(RuleOf).ToHashSet();

    private static readonly HashSet<string> FirstCommandRules = FirstCommands.Select(RuleOf).ToHashSet();

    /// <exception cref="ConnectFault">What is there is not what the client expects.</exception>
    public void AddTo(JsonObject root, string path)
    {
        ProjectFiles.Child(root, Environment, path)[Variable] = token;
        AddFence(root, path, home, project);
    }

    /// <exception cref="ConnectFault">What is there is not what the client expects.</exception>
    public static void AddFence(JsonObject root, string path, string home, string project)
    {
        var permissions = ProjectFiles.Child(root, Permissions, path);
        if (permissions[Deny] is null)
            permissions[Deny] = new JsonArray();
        if (permissions[Deny] is not JsonArray rules)
            throw new ConnectFault($"{path}: {Permissions}.{Deny} is not a list; nothing was changed");
        foreach (var rule in CommandRules.Concat(RulesOf(home, project)))
            if (!Texts(rules).Contains(rule))
                rules.Add(rule);
    }

    /// <summary>Answers the client's question whether the server of .mcp.json may be used, whose default is that it may not; and takes back
    /// an earlier no, which the client keeps in the same file.</summary>
    /// <exception cref="ConnectFault">What is there is not what the client expects.</exception>
    public static void Trust(JsonObject root, string path, bool isInProject)
    {
        if (root[Disabled] is JsonArray disabled && disabled.RemoveAll(IsOurs) > 0 && disabled.Count == 0)
            root.Remove(Disabled);
        if (!isInProject)
            return;
        if (root[Enabled] is null)
            root[Enabled] = new JsonArray();
        if (root[Enabled] is not JsonArray enabled)
            throw new ConnectFault($"{path}: {Enabled} is not a list; nothing was changed");
        if (!enabled.Any(IsOurs))
            enabled.Add(ClientEntries.Server);
    }

    /// <summary>As the original had it.</summary>
    public static void Distrust(JsonObject root, JsonObject? original)
    {
        var isTheirs = (original?[Enabled] as JsonArray)?.Any(IsOurs) == true;
        if (!isTheirs && root[Enabled] is JsonArray enabled && enabled.RemoveAll(IsOurs) > 0 && enabled.Count == 0
            && original?.ContainsKey(Enabled) != true)
            root.Remove(Enabled);
        if (original?[Disabled] is JsonArray before && before.Any(IsOurs)
            && Texts(root[Disabled] as JsonArray ?? []).SequenceEqual(Texts(before).Where(name => name != ClientEntries.Server)))
            root[Disabled] = before.DeepClone();
    }

    /// <summary>Removes the token, or puts the one back that the original had, and the rules that the original did not have. True when
    /// there was anything of ours: a token alone may be the user's own.</summary>
    public static bool RemoveFrom(JsonObject root, JsonObject? original, IEnumerable<string> homes, bool isOurs)
    {
        if (!RemoveFence(root, original, homes, isOurs || HasAllForCommands(root)) && !isOurs)
            return false;
        if (root[Environment] is not JsonObject environment)
            return true;
        if ((original?[Environment] as JsonObject)?[Variable] is { } theirs)
            environment[Variable] = theirs.DeepClone();
        else if (environment.Remove(Variable))
            ProjectFiles.RemoveIfEmptied(root, Environment, original);
        return true;
    }

    /// <summary>A token of a connection, whoever put it there.</summary>
    public static bool HasToken(JsonObject root) =>
        ConnectionToken.ClaimedName(Text((root[Environment] as JsonObject)?[Variable])) is not null;

    /// <summary>Removes the rules that the original did not have. True when they were there.</summary>
    /// <param name="root">The settings.</param>
    /// <param name="original">As they were before.</param>
    /// <param name="homes">Of the relays that they may keep sessions from.</param>
    /// <param name="isOurs">That we were here is known already. Else it is seen by a rule for a home.</param>
    public static bool RemoveFence(JsonObject root, JsonObject? original, IEnumerable<string> homes, bool isOurs)
    {
        if (root[Permissions] is not JsonObject permissions || permissions[Deny] is not JsonArray rules)
            return false;
        var before = original?[Permissions] as JsonObject;
        var theirs = Texts(before?[Deny] as JsonArray ?? []).ToHashSet();
        var ofHomes = homes.SelectMany(AllRulesOf).Where(rule => !theirs.Contains(rule)).ToHashSet();
        var any = rules.RemoveAll(rule => ofHomes.Contains(Text(rule))) > 0
            || isOurs;
        if (!any)
            return false; // We were never here: a rule against a command is the user's own.
        rules.RemoveAll(rule => CommandRules.Contains(Text(rule)) && !theirs.Contains(Text(rule)));
        if (rules.Count == 0 && before?.ContainsKey(Deny) != true)
            permissions.Remove(Deny);
        ProjectFiles.RemoveIfEmptied(root, Permissions, original);
        return true;
    }

    /// <summary>All the rules for commands: nobody else writes these.</summary>
    public static bool HasAllForCommands(JsonObject root) =>
        (root[Permissions] as JsonObject)?[Deny] is JsonArray rules && FirstCommandRules.IsSubsetOf(Texts(rules));

    private static string RuleOf(string command) => $"Bash(relay {command}:*)";

    /// <summary>The secrets alone where the project lies in the home: its own files must not be closed to it.</summary>
    private static IEnumerable<string> RulesOf(string home, string project)
    {
        if (home.Length == 0)
            return []; // Another user's, which the system keeps from this one.
        var isInside = (Path.TrimEndingDirectorySeparator(project) + "/").StartsWith(home + "/", StringComparison.Ordinal);
        return isInside ? RulesFor($"{home}/.env").Concat(RulesFor($"{home}/state/**")) : RulesFor($"{home}/**");
    }

    private static IEnumerable<string> AllRulesOf(string home) => ((string[])["**", ".env", "state/**"])
        .SelectMany(inner => RulesFor($"{home}/{inner}").Concat(OlderRulesFor($"{home}/{inner}")));

    /// <summary>An absolute path begins with two slashes there. Rules for Edit hold for all tools that write.</summary>
    private static IEnumerable<string> RulesFor(string path) => ((string[])["Read", "Edit"]).Select(tool => $"{tool}(/{path})");

    /// <summary>Earlier, Write had rules of its own, of which the client says that they never match.</summary>
    private static IEnumerable<string> OlderRulesFor(string path) => [$"Write(/{path})"];

    private static IEnumerable<string> Texts(JsonArray list) => list.Select(Text);

    private static bool IsOurs(JsonNode? server) => Text(server) == ClientEntries.Server;

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
