using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Tells when something in a folder changes. It can go deaf (an overflow, the folder replaced):
/// <see cref="Renew"/>, called on every pass of the loop it wakes, makes it hear again.</summary>
/// <param name="folder">Made when it is missing.</param>
/// <param name="changes">What counts as a change.</param>
/// <param name="changed">Called on a thread of the watcher's; it must be quick.</param>
/// <param name="withSubfolders">Their contents too.</param>
/// <param name="filter">Of names.</param>
internal sealed class FolderWatch(string folder, NotifyFilters changes, Action changed, bool withSubfolders = false, string filter = "*") : IDisposable
{
    /// <summary>What comes, goes and is renamed; not what is written, which in a folder with a database in it never ends.</summary>
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
            changed(); // What came before the watcher listened.
    }

    public void Dispose() => _watcher?.Dispose();

    /// <summary>Null when the system has no watcher left to give (fs.inotify.max_user_instances): then the loop's poll is all there is.</summary>
    private FileSystemWatcher? Watch()
    {
        var watcher = new FileSystemWatcher(folder, filter)
        {
            IncludeSubdirectories = withSubfolders,
            NotifyFilter = changes,
            InternalBufferSize = 65_536,
        };
        // The handlers only set a flag: the measured watcher drops events when a handler is slow.
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
