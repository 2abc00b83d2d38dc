using System.Runtime.InteropServices;
using Relay.Storage;

namespace Relay.Files.Platform;

/// <summary>What POSIX and .NET can do themselves, for file systems without the system's own call.</summary>
internal static partial class Portable
{
    private const UnixFileMode OwnerReadsAndWrites = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Moves a file under a name that is free: (1) link it there, (2) remove the old name. False when the name is taken.
    /// Killed between the two, it has both names, and the next call for the same pair does what is left.</summary>
    public static bool RenameNoReplace(string from, string to)
    {
        var error = OperatingSystem.IsMacOS() ? MacOs.Link(from, to) : Linux.Link(from, to); // (1)
        switch (error)
        {
            case Errno.None:
                RemoveOldName(from, to); // (2)
                return true;
            case Errno.Exists when HasBothNames(from, to):
                RemoveOldName(from, to); // (2), of a call that was killed.
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

    /// <summary>An empty file for its owner alone. One that is there already, be it since a moment ago, stays.</summary>
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
            File.Delete(from); // Nothing is amiss when somebody else has removed it: the file is where it should be.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            File.Delete(to); // Who may not remove the old name has moved nothing.
            throw;
        }
    }

    /// <summary>With one name only, the two are the same name: the file would be lost.</summary>
    private static bool HasBothNames(string from, string to) =>
        Posix.Lstat(from) is { Links: > 1 } old && Posix.Lstat(to) is { } other && old.IsSameFileAs(other);

    /// <summary>For what cannot be linked nothing else is left; and the relay is the only one who creates these names.</summary>
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
