using System.Text.Json;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Configuration;

/// <summary>The folders that this user has made homes by saying so in them. A folder cannot say it of itself: it may be a clone of
/// somebody else's. Each is known by its path and by what a copy of it would not have.</summary>
internal sealed class KnownHomes(string folder)
{
    private const int Most = 200, ByOthers = 0b000_010_010;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Folder => folder;

    private string ListFile => Path.Combine(folder, "homes.json");

    /// <summary>In $XDG_CONFIG_HOME/relay, else in ~/.config/relay.</summary>
    public static KnownHomes Of(IReadOnlyDictionary<string, string> environment, string userHome)
    {
        var configured = environment.GetValueOrDefault("XDG_CONFIG_HOME") ?? "";
        return new KnownHomes(Path.Combine(Path.IsPathRooted(configured) ? configured : Path.Combine(userHome, ".config"), "relay"));
    }

    public bool Contains(string home) => Seen(home) is { } seen && Read().Contains(seen);

    /// <exception cref="IOException">It cannot be written down.</exception>
    public void Remember(string home)
    {
        if (Seen(home) is not { } seen || Read() is var known && known.Contains(seen))
            return;
        Directory.CreateDirectory(folder, OwnerOnly);
        List<Known> kept = [.. known.Where(each => each == Seen(each.Path)).TakeLast(Most - 1), seen];
        DurableFile.Replace(ListFile, JsonSerializer.SerializeToUtf8Bytes(kept));
    }

    /// <summary>Empty where others could have written it.</summary>
    private List<Known> Read()
    {
        if (Posix.Stat(folder) is not { } facts || (facts.Mode & ByOthers) != 0 || !Owners.IsOwnOrRoots(facts.Owner))
            return [];
        try
        {
            return BoundedFile.ReadState(ListFile).Found is { } bytes ? JsonSerializer.Deserialize<List<Known>>(bytes) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    /// <summary>Null when there is no such folder.</summary>
    private static Known? Seen(string home) =>
        Posix.RealPath(home) is { } path && Posix.Stat(path) is { Kind: FileKind.Folder } facts
            ? new Known(path, facts.Inode, facts.BornNanoseconds)
            : null;

    private sealed record Known(string Path, ulong Inode, long Born);
}
