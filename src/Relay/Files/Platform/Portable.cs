using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>Works with POSIX and .NET alone, for file systems that do not support a system's special call.</summary>
internal static partial class Portable
{
    private const UnixFileMode OwnerReadsAndWrites = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Renames a file if the new name is free: (1) link it to the new name, (2) remove the old name. False when the new name
    /// is in use. If the process is killed between 1 and 2, the file has both names; the next call with these names completes it.</summary>
    public static bool RenameNoReplace(string from, string to)
    {
        var error = OperatingSystem.IsMacOS() ? MacOs.Link(from, to) : Linux.Link(from, to); // (1)
        switch (error)
        {
            case Errno.None:
                RemoveOldName(from, to); // (2)
                return true;
            case Errno.Exists when HasBothNames(from, to):
                RemoveOldName(from, to); // (2) of a call that was killed.
                return true;
            case Errno.Exists:
                return false;
            case Errno.NotPermitted or Errno.TooManyLinks:
            case var _ when Errno.IsMissingCall(error):
                return MoveWithoutLink(from, to);
            default:
                throw Errno.Failed("link", $"{from} to {to}", error);
        }
    }

    /// <summary>Creates an empty file that only its owner can read. An existing file is kept, even if it was created just now.</summary>
    public static void Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerReadsAndWrites };
        try
        {
            new FileStream(path, options).Dispose();
        }
        catch (IOException) when (Posix.Lstat(path) is not null)
        {
        }
    }

    private static void RemoveOldName(string from, string to)
    {
        try
        {
            File.Delete(from); // It does no harm if somebody else has removed the old name: the file has the new one.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            File.Delete(to); // The old name could not be removed, so the rename is undone.
            throw;
        }
    }

    /// <summary>If the file has only one link, both paths are the same name, and removing it would lose the file.</summary>
    private static bool HasBothNames(string from, string to) =>
        Posix.Lstat(from) is { Links: > 1 } old && Posix.Lstat(to) is { } other && old.IsSameFileAs(other);

    /// <summary>For files that cannot be linked. Only the relay creates these names, so none appears between check and rename.</summary>
    private static bool MoveWithoutLink(string from, string to)
    {
        if (Posix.Lstat(to) is not null)
            return false;
        var error = Errno.Of(Rename(from, to));
        return error == Errno.None ? true : throw Errno.Failed("rename", $"{from} to {to}", error);
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);
}
