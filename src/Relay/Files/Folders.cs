using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>What stands in the way of a file or a folder, in words for the operator.</summary>
internal static class Folders
{
    /// <summary>Makes it unless it is there.</summary>
    /// <exception cref="IOException">Something else is there; the message says so plainly.</exception>
    public static void Make(string path)
    {
        if (Posix.Lstat(path) is { Kind: not (FileKind.Folder or FileKind.SymbolicLink) })
            throw new IOException($"{NameOf(path)} must be a folder: it is a file: remove it", Errno.NoFolder);
        Directory.CreateDirectory(path);
    }

    /// <summary>Makes it with this mode unless it is there, or a link leads to one.</summary>
    /// <exception cref="IOException">Something else is there; the message names it and says so plainly.</exception>
    public static void MakeFor(string path, UnixFileMode mode)
    {
        if (Posix.Lstat(path) is { } there && Posix.Stat(path) is not { Kind: FileKind.Folder })
            throw new IOException(
                $"{path} must be a folder: it is a {(there.Kind == FileKind.SymbolicLink ? "link that leads to none" : "file")}: remove it",
                Errno.NoFolder);
        Directory.CreateDirectory(path, mode);
    }

    /// <exception cref="IOException">A folder is where the file belongs; the message says so plainly.</exception>
    public static void CheckFree(string file)
    {
        if (Posix.Lstat(file) is { Kind: FileKind.Folder })
            throw new IOException($"{NameOf(file)} cannot be written: it is a folder: remove it");
    }

    /// <summary>With the folder it is in: state/status.json.</summary>
    private static string NameOf(string path) => $"{Path.GetFileName(Path.GetDirectoryName(path))}/{Path.GetFileName(path)}";
}
