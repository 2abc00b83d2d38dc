using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Configuration;

/// <summary>What other users of the machine could do with a home. Who can write to it decides what the relay does; who can read it has its
/// keys and all that was said.</summary>
internal static class HomeTrust
{
    private const int Sticky = 0b001_000_000_000, GroupWrites = 0b000_010_000, OthersWrite = 0b000_000_010;

    /// <summary>The bits of the group and of all others.</summary>
    private static readonly (int Read, int Write, int Enter)[] OtherUsers = [(0b100_000, 0b010_000, 0b001_000), (0b100, 0b010, 0b001)];

    /// <summary>Why nothing may be done in this home, with what mends it; null where all is well, or there is nothing yet.</summary>
    public static string? WhyNot(RelayHome home)
    {
        if (WhyClosed(home) is { } closed)
            return closed;
        if (Posix.Stat(home.Root) is not { } root)
            return null;
        if (OtherUsers.Any(other => (root.Mode & other.Write) != 0))
            return $"others may write to {home.Root}, so it is not safe to use: chmod 700 {home.Root}";
        return Obeyed(home).FirstOrDefault(path => MayReach(root, path, other => other.Write)) is { } open
            ? $"others may write to {open}, so it is not safe to use: chmod go-w {open}"
            : null;
    }

    /// <summary>Why this user cannot even look into it: it is another's. Null where he can, or there is nothing yet.</summary>
    public static string? WhyClosed(RelayHome home)
    {
        try
        {
            if (Posix.Stat(home.Root) is { } root && !Owners.IsOwnOrRoots(root.Owner) && Posix.User != Owners.Root)
                return $"{home.Root} belongs to {Owners.Name(root.Owner)}: only he can use it as a home";
            foreach (var inside in (string[])[home.ConfigFile, home.DatabaseFile]) // Root's is closed to others further in.
                Posix.Stat(inside);
            return null;
        }
        catch (IOException exception) when (exception.HResult == Errno.NoAccess)
        {
            return $"{home.Root} is closed to this user ({exception.Message}): only its owner can use it as a home";
        }
    }

    /// <summary>As <see cref="WhyNot"/>, for the one who does what the home says from then on: not even root may do what another user has
    /// written.</summary>
    public static string? WhyNotRun(RelayHome home) => WhyNot(home)
        ?? (Posix.Stat(home.Root) is { } root && !Owners.IsOwnOrRoots(root.Owner)
            ? $"{home.Root} belongs to {Owners.Name(root.Owner)}, and this is root: run the relay as that user"
            : null);

    /// <summary>What others may read or look into.</summary>
    public static IReadOnlyList<string> ReadableByOthers(RelayHome home)
    {
        if (Posix.Stat(home.Root) is not { } root)
            return [];
        if (OtherUsers.Any(other => (root.Mode & other.Read) != 0))
            return [home.Root];
        return [.. Told(home).Where(path => MayReach(root, path, other => other.Read))];
    }

    /// <summary>Folders above the home in which others could put another in its place, each with what is wrong with it.</summary>
    public static IReadOnlyList<string> UnsafeParents(RelayHome home)
    {
        var faults = new List<string>();
        foreach (var path in (string[])[home.Root, Posix.RealPath(home.Root) ?? home.Root])
            for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
                if (Posix.Stat(folder) is { } facts && Fault(folder, facts) is { } fault && !faults.Contains(fault))
                    faults.Add(fault);
        return faults;
    }

    private static string? Fault(string folder, FileFacts facts)
    {
        if (!Owners.IsOwnOrRoots(facts.Owner))
            return $"{folder} belongs to {Owners.Name(facts.Owner)}";
        return (facts.Mode & Sticky) == 0 && (facts.Mode & (GroupWrites | OthersWrite)) != 0 ? $"others may write to {folder}" : null;
    }

    /// <summary>What lies in the home can be reached by those who may enter it.</summary>
    private static bool MayReach(FileFacts root, string path, Func<(int Read, int Write, int Enter), int> bit) =>
        Posix.Stat(path) is { } facts && OtherUsers.Any(other => (root.Mode & other.Enter) != 0 && (facts.Mode & bit(other)) != 0);

    /// <summary>The queue may be open to the users who speak for sessions; whose each envelope is, is looked at.</summary>
    private static string[] Obeyed(RelayHome home) =>
        [home.ConfigFile, home.EnvFile, home.PricesFile, home.State, home.DatabaseFile, home.Dispatch, home.Logs];

    private static string[] Told(RelayHome home) => [home.EnvFile, home.State, home.Queue, home.Dispatch, home.Logs];
}
