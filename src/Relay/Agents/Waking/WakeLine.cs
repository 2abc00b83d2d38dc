using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Agents.Waking;

/// <summary>The configured command: its program, found when the settings were read, its words, and where it may be run. What a session
/// says of itself (its id, its folder) is a claim: the id is a UUID or nothing is run, the folder is one that was connected.</summary>
internal sealed partial record WakeLine(string Program, IReadOnlyList<string> Arguments, IReadOnlyList<string> Folders)
{
    private const string Placeholder = "{claude_session_id}";

    /// <summary>The key in the environment is the relay's, and not one for the sessions.</summary>
    public bool IsKeyOurs { get; init; }

    /// <summary>Null when nothing is configured.</summary>
    public static WakeLine? Of(Settings settings)
    {
        var agents = settings.Config.Agents;
        return agents.WakeProgram.Length == 0
            ? null
            : new WakeLine(
                agents.WakeProgram,
                [.. CommandWords.Of(agents.Wake).Skip(1)],
                [.. agents.WakeIn, .. new ConnectedFolders(settings.Home).All()])
            {
                IsKeyOurs = settings.Secrets.IsKeyFromEnvironment,
            };
    }

    /// <summary>Why nothing is started for this session; null when it may be woken.</summary>
    public string? Refusal(Agent agent)
    {
        if (!Uuid().IsMatch(agent.Id))
            return "its id is no UUID, as the ids of Claude Code are, so no command is run with it";
        var folder = FolderOf(agent);
        if (folder is null || Folders.FirstOrDefault(each => IsWithin(folder, each)) is not { } connected)
            return $"its folder {agent.Folder} is none in which sessions are woken: "
                + "relay connect claude-code --project connects one, agents.wake_in names others";
        return IsWithin(Program, connected) || IsWithin(Posix.RealPath(Program) ?? Program, connected)
            ? $"{Program} lies in {connected}, where the session itself could change it"
            : null;
    }

    /// <summary>Without a link in its path; null when it is not there.</summary>
    public static string? FolderOf(Agent agent) =>
        Path.IsPathRooted(agent.Folder) && Directory.Exists(agent.Folder) ? Posix.RealPath(agent.Folder) : null;

    public IEnumerable<string> ArgumentsFor(Agent agent) =>
        Arguments.Select(word => word.Replace(Placeholder, agent.Id, StringComparison.Ordinal));

    /// <summary>Takes what is the relay's own out of an environment.</summary>
    public void HideSecrets(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(IsOurs).ToList())
            environment.Remove(name);
    }

    private bool IsOurs(string name) =>
        name.StartsWith("RELAY_", StringComparison.Ordinal)
        || name.StartsWith("NTFY_", StringComparison.Ordinal)
        || name.StartsWith("PG", StringComparison.Ordinal)
        || (IsKeyOurs && name.StartsWith("ANTHROPIC_", StringComparison.Ordinal));

    private static bool IsWithin(string path, string folder) =>
        Posix.RealPath(folder) is { } real && Paths.IsWithin(path, real);

    [GeneratedRegex(@"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\z")]
    private static partial Regex Uuid();
}
