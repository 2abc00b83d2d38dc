using System.Collections.Concurrent;
using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Running;

namespace Relay.Dispatch;

/// <summary>The file side of a dispatch: a staged file is renamed to the session's input.txt and never over another.
/// A staged file that is there was not delivered, whatever the record says: the rename takes it away.
/// Beside it lies input.json, which says what a program wants to know of it: it is there before the text and goes after the
/// receipt.</summary>
internal sealed class FolderChannel : IDisposable
{
    private const string InputName = "input.txt", FactsName = "input.json";

    private readonly RelayHome _home;
    private readonly FolderWatch _watch;
    private readonly SharedFolderSync _stagedNames;
    private readonly TimeProvider _clock;

    /// <summary>Staged by this process and not renamed: if such a file vanishes, somebody removed it and it is written again.</summary>
    private readonly ConcurrentDictionary<string, bool> _staged = new();

    public FolderChannel(SettingsSource settings, ChangeFeed changes, TimeProvider clock)
    {
        _clock = clock;
        _home = settings.Current.Home;
        _watch = new FolderWatch(_home.Dispatch, FolderEvents.Go, () => changes.Publish(Topic.Dispatch))
        {
            Name = InputName,
            WithSubfolders = true,
        };
        _stagedNames = new SharedFolderSync(_home.Staged);
    }

    /// <summary>Tells these folders from those of another home that worked on the same database.
    /// Made once, and copied with the home.</summary>
    public string Id()
    {
        if (!File.Exists(_home.IdFile))
            DurableFile.Replace(_home.IdFile, Encoding.ASCII.GetBytes(Guid.CreateVersion7(_clock.GetUtcNow()).ToString("N")));
        return BoundedFile.ReadState(_home.IdFile) is FileContent.Bytes id
            ? Encoding.ASCII.GetString(id.Content).Trim()
            : throw new IOException($"{_home.IdFile} cannot be read");
    }

    /// <summary>Listens again where the watch went deaf.</summary>
    public void Renew() => _watch.Renew();

    /// <summary>Writes the file durably; its name is durable after <see cref="SyncAsync"/>.</summary>
    public void Stage(string id, string content)
    {
        Folders.Make(_home.Staged); // Somebody may have cleared the dispatch folder.
        _staged[id] = true; // Before it is written, so that a sweep leaves it.
        DurableFile.Write(StagedFile(id), Encoding.UTF8.GetBytes(content.EndsWith('\n') ? content : content + '\n'));
    }

    /// <summary>What was staged and placed so far is there to stay. A rename is one step of the file system's journal, so the folder it
    /// leaves from stands for both.</summary>
    public Task SyncAsync() => _stagedNames.SyncAsync();

    /// <summary>It was staged for a commit that did not come.</summary>
    public void Discard(string id)
    {
        File.Delete(StagedFile(id));
        _staged.TryRemove(id, out _);
    }

    /// <summary>True when the reply is in the session's folder, or was: after a crash a staged file that is gone had been
    /// renamed.</summary>
    public bool Place(OutboundReply reply, string from)
    {
        if (!File.Exists(StagedFile(reply.Id)))
        {
            if (!_staged.ContainsKey(reply.Id))
                return true;
            Stage(reply.Id, reply.Content);
        }
        if (Obstacle(reply.Session) is not null)
            return false;
        MakeSessionFolder(reply.Session);
        if (IsPending(reply.Session))
            return false;
        Describe(reply, from);
        CrashPoint.Pass("place-2-described");
        if (!Posix.RenameNoReplace(StagedFile(reply.Id), InputFile(reply.Session)))
        {
            RemoveFacts(reply.Session); // Something of the session's own has come between, and of that it says nothing.
            return false;
        }
        _staged.TryRemove(reply.Id, out _);
        return true;
    }

    /// <summary>Only a file can be what was placed: where there is something else, that was taken.</summary>
    public bool IsPending(SessionId session) => Posix.Lstat(InputFile(session)) is { Kind: FileKind.Regular };

    /// <summary>What nobody takes away by itself and no reply can go past; null where there is nothing of the kind.</summary>
    public string? Obstacle(SessionId session) => FolderObstacle(session) ?? InputObstacle(session) ?? FactsObstacle(session);

    /// <summary>A link is not followed: what it leads to is not the relay's to write to, or to delete in.</summary>
    public string? FolderObstacle(SessionId session) => Posix.Lstat(_home.SessionFolder(session.Value))?.Kind switch
    {
        null or FileKind.Folder => null,
        FileKind.SymbolicLink => "it is a link, and none is followed: put a folder in its place",
        _ => "it is a file and no folder: remove it",
    };

    private string? InputObstacle(SessionId session) => Posix.Lstat(InputFile(session))?.Kind switch
    {
        null or FileKind.Regular => null,
        FileKind.Folder => $"{InputName} is a folder there: remove it",
        FileKind.SymbolicLink => $"{InputName} is a link there: remove it",
        _ => $"{InputName} is no file there: remove it",
    };

    /// <summary>Anything else is replaced.</summary>
    private string? FactsObstacle(SessionId session) =>
        Posix.Lstat(FactsFile(session)) is { Kind: FileKind.Folder } ? $"{FactsName} is a folder there: remove it" : null;

    /// <summary>Puts input.json beside a text that was placed, unless it is there: it may not have survived a power cut.</summary>
    public void DescribePlaced(OutboundReply reply, string from)
    {
        if (InputFacts.IdIn(FactsFile(reply.Session)) != reply.Id)
            Describe(reply, from);
    }

    /// <summary>After the receipt: what it says is of no text any more.</summary>
    public void RemoveFacts(SessionId session)
    {
        if (Posix.Lstat(FactsFile(session)) is { Kind: not FileKind.Folder })
            File.Delete(FactsFile(session));
    }

    public bool IsStaged(OutboundReply reply) => File.Exists(StagedFile(reply.Id));

    /// <summary>At the start: removes what was staged for commits that did not come. Turns may stage meanwhile.</summary>
    public void Sweep(IReadOnlySet<string> wanted)
    {
        if (Directory.Exists(_home.Staged))
            foreach (var file in Directory.EnumerateFiles(_home.Staged))
                if (Path.GetFileName(file) is var id && !wanted.Contains(id) && !_staged.ContainsKey(id))
                    File.Delete(file);
    }

    public void Dispose() => _watch.Dispose();

    /// <summary>Not synced: it is written anew at the next start if a power cut takes it.</summary>
    private void Describe(OutboundReply reply, string from)
    {
        var staged = StagedFile(reply.Id) + ".json";
        DurableFile.WriteUnsynced(staged, InputFacts.Of(reply, from).ToJson());
        File.Move(staged, FactsFile(reply.Session), overwrite: true);
    }

    private void MakeSessionFolder(SessionId session)
    {
        var folder = _home.SessionFolder(session.Value);
        if (Directory.Exists(folder))
            return;
        Directory.CreateDirectory(folder);
        Posix.SyncFolder(_home.Dispatch);
    }

    private string InputFile(SessionId session) => Path.Combine(_home.SessionFolder(session.Value), InputName);

    private string FactsFile(SessionId session) => Path.Combine(_home.SessionFolder(session.Value), FactsName);

    private string StagedFile(string id) => Path.Combine(_home.Staged, id);
}
