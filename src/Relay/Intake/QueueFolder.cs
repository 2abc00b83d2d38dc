using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Running;

namespace Relay.Intake;

/// <summary>Accepts the envelopes in queue/, oldest first, several at a time: (1) read them, (2) make their messages durable with one
/// commit, (3) remove the files. If the relay is killed between 2 and 3, it finds the messages by their keys and only repeats 3. A key
/// without an id is of this very file: put there again, it is another message.</summary>
internal sealed partial class QueueFolder : ILoop, IDisposable
{
    /// <summary>How many envelopes are accepted with one commit. They must fit in memory, and a turn waits for their commit.</summary>
    private const int AtOnce = 16;

    private const string Extension = ".json";

    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Rescan = TimeSpan.FromSeconds(5);

    private readonly SettingsSource _settings;
    private readonly Inbox _inbox;
    private readonly ChangeFeed _changes;
    private readonly TimeProvider _clock;
    private readonly RejectedFolder _rejected;
    private readonly FolderWatch _watch;
    private readonly ILogger _log;
    private readonly Dictionary<string, (FileFacts Facts, long Since)> _unfinished = [];
    private bool _isUrgent;

    public QueueFolder(SettingsSource settings, Inbox inbox, ChangeFeed changes, TimeProvider clock, ILogger<QueueFolder> log)
    {
        _settings = settings;
        _inbox = inbox;
        _changes = changes;
        _clock = clock;
        _log = log;
        _watch = new FolderWatch(Home.Queue, FolderEvents.Come | FolderEvents.Write, () => changes.Publish(Topic.Queue));
        _rejected = new RejectedFolder(Home.Rejected);
    }

    public string Name => "taking messages from queue";

    public Topic? WakesOn => Topic.Queue;

    public TimeSpan Poll => _unfinished.Count == 0 ? Rescan : TimeSpan.FromMilliseconds(250);

    private RelayHome Home => _settings.Current.Home;

    /// <summary>While all that comes in has to wait for a call that is under way, some are gathered for one commit.</summary>
    public TimeSpan Rest => _isUrgent ? TimeSpan.Zero : TimeSpan.FromMilliseconds(8);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        _isUrgent = true;
        _watch.Renew();
        var handled = 0;
        List<Exception> faults = [];
        var (files, hasForeign) = Look(Home.Queue);
        if (hasForeign && Try(() => ForeignNames.Rename(Home.Queue, Extension) > 0, faults) > 0)
            files = Waiting(Home.Queue);
        foreach (var some in files.Chunk(AtOnce))
            handled += await TakeAsync(some, faults, cancellationToken);
        foreach (var gone in _unfinished.Keys.Except(files.Select(file => file.Path)).ToList())
            _unfinished.Remove(gone);
        if (faults.Count > 0)
            ExceptionDispatchInfo.Throw(faults[0]);
        return handled;
    }

    /// <summary>The envelopes in the folder, oldest first. Links, FIFOs, sockets and folders are ignored.</summary>
    public static List<(string Path, FileFacts Facts)> Waiting(string queue) => Look(queue).Files;

    /// <summary>How many envelopes there are, whatever their names.</summary>
    public static int Count(string queue)
    {
        var (files, hasForeign) = Look(queue);
        return hasForeign ? files.Count + ForeignNames.Count(queue, Extension) : files.Count;
    }

    private static (List<(string Path, FileFacts Facts)> Files, bool HasForeign) Look(string queue)
    {
        try
        {
            var found = Directory.EnumerateFileSystemEntries(queue)
                .Where(path => !Path.GetFileName(path).StartsWith('.') && path.EndsWith(Extension, StringComparison.Ordinal))
                .Select(path => (Path: path, Facts: ForeignNames.IsTooLong(path) ? null : Posix.Lstat(path)))
                .ToList();
            var files = found
                .Where(file => file.Facts is { Kind: FileKind.Regular })
                .Select(file => (file.Path, Facts: file.Facts!.Value))
                .OrderBy(file => file.Facts.ModifiedNanoseconds)
                .ThenBy(file => file.Path, StringComparer.Ordinal)
                .ToList();
            return (files, found.Exists(file => file.Facts is null && ForeignNames.IsOne(file.Path)));
        }
        catch (DirectoryNotFoundException) // Somebody has removed the folder. The next pass creates it again.
        {
            return ([], false);
        }
    }

    public void Dispose() => _watch.Dispose();

    private async Task<int> TakeAsync(
        (string Path, FileFacts Facts)[] files, List<Exception> faults, CancellationToken cancellationToken)
    {
        var handled = 0;
        var found = new List<Found>();
        foreach (var (path, facts) in files)
            handled += Try(() => Read(path, facts, found), faults); // (1)
        var acceptances = await _inbox.AcceptAsync(found.ConvertAll(each => each.ToIncoming()), cancellationToken); // (2)
        _isUrgent = acceptances.Length == 0
            || acceptances.Any(acceptance => acceptance is not Inbox.Acceptance.Accepted { IsUrgent: false });
        foreach (var (each, acceptance) in found.Zip(acceptances))
            handled += Try(() => Settle(each, acceptance), faults); // (3)
        return handled;
    }

    /// <summary>A file that causes an exception does not hold up the others.</summary>
    private static int Try(Func<bool> step, List<Exception> faults)
    {
        try
        {
            return step() ? 1 : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add(exception);
            return 0;
        }
    }

    /// <summary>Reads a file and adds its envelope to <paramref name="found"/>. True when the file was rejected.</summary>
    private bool Read(string path, FileFacts facts, List<Found> found)
    {
        if (_unfinished.TryGetValue(path, out var seen) && seen.Facts == facts && _clock.GetElapsedTime(seen.Since) < Settled)
            return false;
        byte[]? bytes;
        try
        {
            var limit = _settings.Current.Config.MaxEnvelopeBytes;
            if (facts.Size > limit)
                return Reject(path, $"{facts.Size} bytes are over the limit of {limit} (max_envelope_bytes)");
            bytes = UntrustedFile.Read(path, facts, limit);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return RejectWhenSettled(path, facts, $"cannot be read: {exception.Message.TrimEnd('.')}");
        }
        if (bytes is null) // The file was removed, changed or replaced. The next scan sees what it is now.
            return false;
        switch (Envelope.Parse(bytes))
        {
            case Envelope.Read.Valid valid:
                found.Add(new Found(path, facts, bytes, valid.Envelope));
                CrashPoint.Pass("accept-1-read");
                return false;
            case Envelope.Read.Invalid invalid:
                return Reject(path, invalid.Reason);
            case Envelope.Read.Unfinished unfinished:
                return RejectWhenSettled(path, facts, unfinished.Reason);
            default:
                throw new InvalidOperationException();
        }
    }

    private bool Settle(Found found, Inbox.Acceptance acceptance)
    {
        CrashPoint.Pass("accept-2-durable");
        if (acceptance is Inbox.Acceptance.Refused refused)
            return Reject(found.Path, refused.Reason);
        if (acceptance is Inbox.Acceptance.Duplicate duplicate)
            LogDuplicate(Path.GetFileName(found.Path), duplicate.Message.Id);
        UntrustedFile.Remove(found.Path, found.Facts);
        CrashPoint.Pass("accept-3-removed");
        _unfinished.Remove(found.Path);
        return true;
    }

    private bool RejectWhenSettled(string path, FileFacts facts, string reason)
    {
        if (_unfinished.TryGetValue(path, out var seen) && seen.Facts == facts && _clock.GetElapsedTime(seen.Since) >= Settled)
            return Reject(path, reason);
        if (seen.Facts != facts)
            _unfinished[path] = (facts, _clock.GetTimestamp());
        return false;
    }

    private bool Reject(string path, string reason)
    {
        _unfinished.Remove(path);
        if (_rejected.Move(path, reason) is not { } name)
            return false;
        LogRejected(name, reason);
        _changes.Publish(Topic.Rejected);
        return true;
    }

    /// <summary>The key of an envelope without an id. A file that was prepared with the same name, time and text has another inode, or at
    /// least came there at another time, which no program can set.</summary>
    public static string KeyOf(string path, FileFacts facts, byte[] bytes)
    {
        var (name, hash) = (Path.GetFileName(path), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"file:{name}|{facts.ModifiedNanoseconds}|{facts.Size}|{facts.Inode}|{facts.ChangedNanoseconds}|{hash}");
    }

    /// <summary>An envelope that was read but is not accepted yet.</summary>
    private sealed record Found(string Path, FileFacts Facts, byte[] Bytes, Envelope Envelope)
    {
        public Incoming ToIncoming() =>
            new(Envelope.Session, Envelope.Content, Envelope.Id is { } id ? "id:" + id : KeyOf(Path, Facts, Bytes), ReplyChannel.Folder)
            {
                MessageId = Envelope.MessageId,
            };
    }

    [LoggerMessage(LogLevel.Warning, "Rejected envelope {Name}: {Reason}")]
    private partial void LogRejected(string name, string reason);

    [LoggerMessage(LogLevel.Information, "Envelope {Name} is {MessageId} again, accepted before")]
    private partial void LogDuplicate(string name, MessageId messageId);
}
