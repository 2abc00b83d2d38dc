using Relay.Files.Platform;
using Relay.Running;

namespace Relay.Files;

/// <summary>Sets a signal when something in a folder changes. It can go deaf (an overflow, the folder replaced):
/// <see cref="Renew"/>, called on every pass of the loop it wakes, makes it hear again.</summary>
internal sealed class FolderWatch(string folder, NotifyFilters changes, ChangeSignal signal, bool withSubfolders = false, string filter = "*") : IDisposable
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
            signal.Set(); // What came before the watcher listened.
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
        watcher.Created += (_, _) => signal.Set();
        watcher.Changed += (_, _) => signal.Set();
        watcher.Renamed += (_, _) => signal.Set();
        watcher.Deleted += (_, _) => signal.Set();
        watcher.Error += (_, _) =>
        {
            _deaf = true;
            signal.Set();
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
