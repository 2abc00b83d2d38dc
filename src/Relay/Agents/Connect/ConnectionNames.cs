using Relay.Configuration;

namespace Relay.Agents.Connect;

/// <summary>The name of a project's connection, where none is given.</summary>
internal static class ConnectionNames
{
    /// <summary>The name the project had before, else its folder's; with a part of a hash where another connection has that, or numbers
    /// its sessions so.</summary>
    public static string OfProject(string folder, IReadOnlyList<ConnectionEntry> known, string operatorsName)
    {
        if (known.LastOrDefault(entry => entry.Folder == folder) is { } before)
            return before.Name;
        var name = AgentNames.OfFolder(folder, operatorsName);
        if (!known.Any(entry => ConnectionEntry.Covers(entry.Name, name) || ConnectionEntry.Covers(name, entry.Name)))
            return name;
        return AgentNames.WithHash(name, folder);
    }
}
