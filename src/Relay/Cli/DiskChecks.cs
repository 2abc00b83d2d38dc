using System.Globalization;
using Relay.Configuration;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>What doctor checks of the file systems that the home's folders are on, which may be several.</summary>
internal static class DiskChecks
{
    private const string Name = "disk";
    private const long LeastFree = 200L * 1024 * 1024;

    /// <summary>A file system and the folders on it.</summary>
    /// <param name="Folders">By their names in the home.</param>
    /// <param name="Free">In bytes.</param>
    /// <param name="Format">As the system calls it: ext4, nfs.</param>
    /// <param name="IsNetwork">It is on another machine.</param>
    public sealed record Mount(IReadOnlyList<string> Folders, long Free, string Format, bool IsNetwork);

    public static IEnumerable<Finding> Run(RelayHome home)
    {
        var mounts = Folders(home).GroupBy(folder => Posix.Lstat(folder.Path)!.Value.Device).Select(Look).ToList();
        return mounts.Count == 0 ? Judge([Look([(home.Root, "the home")])]) : Judge(mounts);
    }

    public static IEnumerable<Finding> Judge(IReadOnlyList<Mount> mounts)
    {
        foreach (var mount in mounts)
        {
            var folders = string.Join(", ", mount.Folders);
            var shown = string.Create(CultureInfo.InvariantCulture, $"{mount.Free / 1024 / 1024:N0} MB free")
                + (mounts.Count == 1 ? "" : $" for {folders}");
            yield return mount.Free >= LeastFree
                ? Finding.Ok(Name, shown)
                : Finding.Fault(
                    Name, shown, $"make room: less than {LeastFree / 1024 / 1024} MB are free on the disk of {folders}");
            if (mount.IsNetwork && mount.Folders.Contains("state"))
                yield return Finding.Fault(
                    "file system",
                    $"state is on {mount.Format}, a network file system, where SQLite's log and the relay's lock cannot be relied on",
                    "put the home on a disk of this machine, or use store: postgres and keep one relay to a home");
        }
        foreach (var elsewhere in Elsewhere(mounts))
            yield return Finding.Fault(
                "file system", $"{elsewhere} is on another file system than dispatch/.staged: a reply cannot be renamed into it",
                "let dispatch and all in it be on one");
    }

    /// <summary>Folders of sessions that a staged reply cannot be renamed into.</summary>
    private static IEnumerable<string> Elsewhere(IReadOnlyList<Mount> mounts)
    {
        const string staged = "dispatch/.staged";
        var ofStaged = mounts.FirstOrDefault(mount => mount.Folders.Contains(staged));
        return ofStaged is null ? [] : mounts
            .Where(mount => mount != ofStaged)
            .SelectMany(mount => mount.Folders)
            .Where(folder => folder.StartsWith("dispatch/", StringComparison.Ordinal));
    }

    private static Mount Look(IEnumerable<(string Path, string Name)> folders)
    {
        var some = folders.ToList();
        var there = some[0].Path;
        while (!Directory.Exists(there))
            there = Path.GetDirectoryName(there)!;
        var drive = new DriveInfo(there);
        return new Mount(
            [.. some.Select(folder => folder.Name)], drive.AvailableFreeSpace, drive.DriveFormat, drive.DriveType == DriveType.Network);
    }

    /// <summary>Those that are there, the sessions' own included.</summary>
    private static IEnumerable<(string Path, string Name)> Folders(RelayHome home)
    {
        string[] own = [home.Queue, home.Rejected, home.Dispatch, home.Staged, home.State, home.Logs];
        var sessions = Directory.Exists(home.Dispatch) ? Directory.GetDirectories(home.Dispatch) : [];
        return own.Union(sessions)
            .Where(folder => Posix.Lstat(folder) is { Kind: FileKind.Folder })
            .Select(folder => (folder, Path.GetRelativePath(home.Root, folder)));
    }
}
