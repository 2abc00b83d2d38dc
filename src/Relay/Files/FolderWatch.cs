using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Reports changes in a folder. After an overflow, or when the folder was replaced, it gets no events any more. So the loop that
/// it wakes calls <see cref="Renew"/> in every pass.</summary>
/// <param name="folder">The folder. It is created when it is missing.</param>
/// <param name="changes">What counts as a change.</param>
/// <param name="changed">Called on a thread of the watcher, so it must be quick.</param>
/// <param name="withSubfolders">Whether changes in subfolders count.</param>
/// <param name="filter">Which names count.</param>
internal sealed class FolderWatch(
    string folder, NotifyFilters changes, Action changed, bool withSubfolders = false, string filter = "*") : IDisposable
{
    /// <summary>Files that are created, removed or renamed, but not writes: in the folder of the database they never end.</summary>
    public const NotifyFilters Names = NotifyFilters.FileName | NotifyFilters.DirectoryName;

    public const NotifyFilters NamesAndContents = Names | NotifyFilters.LastWrite | NotifyFilters.Size;

    private FileSystemWatcher? _watcher;
    private (ulong Inode, long Born) _heard;
    private volatile bool _deaf;

    public void Renew()
    {
        if (Posix.Lstat(folder) is not { Kind: FileKind.Folder })
            Directory.CreateDirectory(folder);
        var found = Posix.Lstat(folder) is { } facts ? (facts.Inode, facts.BornNanoseconds) : default;
        if (_watcher is not null && !_deaf && found == _heard)
            return;
        _watcher?.Dispose();
        _deaf = false;
        _heard = found;
        _watcher = Watch();
        if (_watcher is not null)
            changed(); // Something may have changed before the watcher was started.
    }

    public void Dispose() => _watcher?.Dispose();

    /// <summary>Null when the system allows no further watcher (fs.inotify.max_user_instances).
    /// Then only the loop's poll finds changes.</summary>
    private FileSystemWatcher? Watch()
    {
        var watcher = new FileSystemWatcher(folder, filter)
        {
            IncludeSubdirectories = withSubfolders,
            NotifyFilter = changes,
            InternalBufferSize = 65_536,
        };
        // The handlers only set a flag. Measured: the watcher drops events when a handler is slow.
        watcher.Created += (_, _) => changed();
        watcher.Changed += (_, _) => changed();
        watcher.Renamed += (_, _) => changed();
        watcher.Deleted += (_, _) => changed();
        watcher.Error += (_, _) =>
        {
            _deaf = true;
            changed();
        };
        try
        {
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (IOException)
        {
            watcher.Dispose();
            return null;
        }
    }
}
