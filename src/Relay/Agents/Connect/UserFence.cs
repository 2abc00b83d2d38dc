using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Agents.Connect;

/// <summary>The rules that keep a session from the home and from the operator's commands, in the client's settings of this user, for a
/// connection of all projects. A fence against slips and no border, as that of a project.</summary>
/// <param name="settings">The file; it may be a link, for it is the user's own.</param>
/// <param name="home">Empty for a relay of another user.</param>
internal sealed class UserFence(string settings, string home)
{
    private string Real => Posix.RealPath(settings) ?? settings;

    public string Folder => Path.GetDirectoryName(Real)!;

    private MergedFile Merged => new(new ForeignFolder(Folder), Real, (root, original) => home.Length > 0
        ? LocalSettings.RemoveFence(root, original, [home], isOurs: false)
        : LocalSettings.RemoveFence(root, original, [], LocalSettings.HasAllForCommands(root)));

    /// <exception cref="ConnectFault">The file cannot be merged into.</exception>
    public IReadOnlyList<PlannedFile> PlanConnect() => Path.IsPathRooted(settings)
        ? [.. Merged.Connect(root => LocalSettings.AddFence(root, settings, home, Project))]
        : throw new ConnectFault("HOME is not set, so the client's settings are not to be found; nothing was changed");

    /// <exception cref="ConnectFault">The file cannot be read.</exception>
    public IReadOnlyList<PlannedFile> PlanDisconnect() => Path.IsPathRooted(settings) ? [.. Merged.Disconnect()] : [];

    /// <summary>A home that is a project itself must stay readable for its sessions, but for the secrets.</summary>
    private string Project => home.Length > 0 && RelayHome.OfProjects.Any(name => Path.Exists(Path.Combine(home, name))) ? home : "/";
}
