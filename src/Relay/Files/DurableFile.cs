using System.Security.Cryptography;
using Relay.Files.Platform;
using Relay.Running;

namespace Relay.Files;

/// <summary>Writes files completely or not at all, so that they survive a power cut. Every file is made new, under a name that was free
/// (O_EXCL, which follows no link), with its mode from the beginning.</summary>
internal static class DurableFile
{
    public const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const string TemporaryStart = ".relay-", TemporaryEnd = ".tmp";

    public static void Replace(string path, ReadOnlySpan<byte> content) => Replace(path, content, OwnerAlone);

    /// <summary>(1) temporary file, (2) fsync, (3) rename over the target, (4) fsync of the folder. A link at the path is replaced and not
    /// followed.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        Folders.CheckFree(path);
        var folder = Path.GetDirectoryName(path)!;
        var temporary = Path.Combine(folder, TemporaryStart + RandomNumberGenerator.GetHexString(16, lowercase: true) + TemporaryEnd);
        try
        {
            WriteNew(temporary, content, mode); // (1), (2)
            File.Move(temporary, path, overwrite: true); // (3)
        }
        catch
        {
            TryRemove(temporary); // Half of it would take the room of the next one.
            throw;
        }
        Posix.SyncFolder(folder); // (4)
    }

    /// <summary>Replaces it for its owner alone. Where it cannot be written, what stood there goes, for it is no longer true; on a full
    /// disk its room may do for the new content. Where it cannot go either, as in a folder without leave to write, it is written
    /// over.</summary>
    public static void ReplaceOrRemove(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            Replace(path, content);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (TryRemove(path) && FullDisk.Is(exception))
                Replace(path, content);
            else if (!TryOverwrite(path, content))
                throw;
        }
    }

    private static bool TryOverwrite(string path, ReadOnlySpan<byte> content)
    {
        using var file = OverwrittenFile.TryOpen(path);
        return file?.TryWrite(content) == true;
    }

    /// <summary>False where it cannot be removed, as on a disk that takes no writes.</summary>
    public static bool TryRemove(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>With the mode of the file that is replaced; a new one is for its owner alone.</summary>
    public static void ReplaceKeepingMode(string path, ReadOnlySpan<byte> content) => Replace(
        path, content, Posix.Lstat(path) is { Kind: FileKind.Regular } there ? (UnixFileMode)there.Mode : OwnerAlone);

    /// <summary>Writes and syncs a file, in place of one that is there. The caller syncs the folder.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        Folders.CheckFree(path);
        if (Posix.Lstat(path) is not null)
            File.Delete(path);
        WriteNew(path, content, OwnerAlone);
    }

    /// <summary>As <see cref="Write"/>, for what may be lost with the power.</summary>
    public static void WriteUnsynced(string path, ReadOnlySpan<byte> content)
    {
        if (Posix.Lstat(path) is not null)
            File.Delete(path);
        Create(path, content, OwnerAlone).Dispose();
    }

    /// <summary>Writes and syncs a file that is not there. The caller syncs the folder.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Whatever the umask.</param>
    /// <exception cref="IOException">Something is there, perhaps a link.</exception>
    public static void WriteNew(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        using var stream = Create(path, content, mode);
        if (mode != OwnerAlone)
            File.SetUnixFileMode(stream.SafeFileHandle, mode);
        Posix.SyncFile(stream.SafeFileHandle);
    }

    /// <summary>Removes what writers that were killed have left in a folder.</summary>
    public static void Sweep(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        foreach (var left in Directory.EnumerateFiles(folder, TemporaryStart + "*" + TemporaryEnd))
            File.Delete(left);
    }

    private static FileStream Create(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            BufferSize = 0,
            PreallocationSize = content.Length,
            UnixCreateMode = mode & OwnerAlone,
        };
        var stream = new FileStream(path, options);
        try
        {
            RandomAccess.Write(stream.SafeFileHandle, content, fileOffset: 0);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}
