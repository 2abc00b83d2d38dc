using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Tells when something in a folder changes. It can go deaf (an overflow, the folder replaced):
/// <see cref="Renew"/>, called on every pass of the loop it wakes, makes it hear again.</summary>
/// <param name="folder">Made when it is missing.</param>
/// <param name="events">What is heard. What the relay does itself in the folder it need not hear of.</param>
/// <param name="changed">Called on a thread of the watcher's; it must be quick.</param>
internal sealed class FolderWatch(string folder, FolderEvents events, Action changed) : IDisposable
{
    /// <summary>Only files of this name.</summary>
    public string Name { get; init; } = "*";

    public bool WithSubfolders { get; init; }

    private FileSystemWatcher? _watcher;
    private (ulong Inode, long Born) _heard;
    private volatile bool _deaf;

    public void Renew()
    {
        if (Posix.Lstat(folder) is not { Kind: FileKind.Folder })
            Folders.Make(folder);
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
        var watcher = new FileSystemWatcher(folder, Name)
        {
            IncludeSubdirectories = WithSubfolders,
            NotifyFilter = Filters(),
            InternalBufferSize = 65_536,
        };
        // The handlers only set a flag: the measured watcher drops events when a handler is slow.
        if (events.HasFlag(FolderEvents.Come))
            watcher.Created += (_, _) => changed();
        if (events.HasFlag(FolderEvents.Write))
            watcher.Changed += (_, _) => changed();
        if (events.HasFlag(FolderEvents.Go))
            watcher.Deleted += (_, _) => changed();
        watcher.Renamed += (_, _) => changed(); // It has gone under one name and come under another.
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

    private NotifyFilters Filters()
    {
        var names = NotifyFilters.FileName | NotifyFilters.DirectoryName;
        return events.HasFlag(FolderEvents.Write) ? names | NotifyFilters.LastWrite | NotifyFilters.Size : names;
    }
}

[Flags]
internal enum FolderEvents
{
    Come = 1,
    Write = 2,
    Go = 4,
}
