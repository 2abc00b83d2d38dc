using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>A folder that is not the relay's, such as a project: it may hold anything. What is read there is a regular file of a bounded
/// size, what is written is written anew, and no link leads out of it.</summary>
internal sealed class ForeignFolder(string root)
{
    private const int Largest = 16 << 20;
    private const UnixFileMode AllRead = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode AllEnter = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Null when there is no such file.</summary>
    /// <exception cref="IOException">It is no file, is too large, or leads out of the folder. The message says which.</exception>
    public byte[]? Read(string path) => Target(path) is not { } target
        ? null
        : BoundedFile.Read(target, Largest) switch
        {
            FileContent.Bytes bytes => bytes.Content,
            FileContent.Unreadable unreadable => throw new IOException($"{path}: {unreadable.Reason}; nothing was changed"),
            _ => null,
        };

    /// <param name="path">Within the folder.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Null for that of the file that is there; a new one is then as the umask of the shell has it.</param>
    /// <exception cref="IOException">It would be written outside the folder.</exception>
    public void Replace(string path, byte[] content, UnixFileMode? mode)
    {
        var target = Target(path);
        if (target is null)
            Make(Path.GetDirectoryName(path)!);
        if (mode is null && target is not null)
            DurableFile.ReplaceKeepingMode(target, content);
        else
            DurableFile.Replace(target ?? path, content, mode ?? FileModes.AsStarted(AllRead | UnixFileMode.UserWrite));
    }

    /// <summary>Of a link, what it leads to.</summary>
    public void Remove(string path)
    {
        if (Target(path) is { } target)
            File.Delete(target);
    }

    /// <summary>Where the file really is; null when there is none.</summary>
    private string? Target(string path)
    {
        if (Posix.RealPath(root) is not { } inside)
            return null;
        if (Posix.Lstat(Path.GetDirectoryName(path)!) is null)
            return null;
        var folder = Posix.RealPath(Path.GetDirectoryName(path)!);
        var isThere = Posix.Lstat(path) is not null;
        var real = isThere ? Posix.RealPath(path) : null;
        if (folder is null || !Paths.IsWithin(folder, inside) || (isThere && (real is null || !Paths.IsWithin(real, inside))))
            throw new IOException($"{path} is a link that leads out of {root}, and none is followed there; nothing was changed");
        return real;
    }

    private void Make(string folder)
    {
        if (Directory.Exists(folder))
            return;
        if (folder != root)
            Make(Path.GetDirectoryName(folder)!);
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, FileModes.AsStarted(AllRead | UnixFileMode.UserWrite | AllEnter));
    }
}
