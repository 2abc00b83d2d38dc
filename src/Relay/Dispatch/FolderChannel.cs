using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Dispatch;

/// <summary>The file side of a dispatch: a staged file is renamed to the session's input.txt and never over another.</summary>
internal sealed class FolderChannel(RelayHome home)
{
    /// <summary>Staged by this process and not renamed: if such a file vanishes, somebody removed it and it is written again.</summary>
    private readonly HashSet<string> _staged = [];

    public void Stage(OutboundReply reply)
    {
        Directory.CreateDirectory(home.Staged); // Somebody may have cleared the dispatch folder.
        DurableFile.Write(StagedFile(reply), Encoding.UTF8.GetBytes(reply.Content));
        Posix.SyncFolder(home.Staged);
        _staged.Add(reply.Id);
    }

    /// <summary>True when the reply is in the session's folder, or was: after a crash a staged file that is gone had been renamed.</summary>
    public bool Place(OutboundReply reply)
    {
        if (!File.Exists(StagedFile(reply)))
        {
            if (!_staged.Contains(reply.Id))
                return true;
            Stage(reply);
        }
        var folder = home.SessionFolder(reply.Session.Value);
        Directory.CreateDirectory(folder);
        if (!Posix.RenameNoReplace(StagedFile(reply), InputFile(reply.Session)))
            return false;
        _staged.Remove(reply.Id);
        Posix.SyncFolder(folder);
        Posix.SyncFolder(home.Staged);
        return true;
    }

    public bool IsPending(SessionId session) => Posix.Lstat(InputFile(session)) is not null;

    private string InputFile(SessionId session) => Path.Combine(home.SessionFolder(session.Value), "input.txt");

    private string StagedFile(OutboundReply reply) => Path.Combine(home.Staged, reply.Id);
}
