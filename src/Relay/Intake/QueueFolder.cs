using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Running;

namespace Relay.Intake;

/// <summary>Accepts the envelopes in queue/, oldest first (see <see cref="QueueLine"/>), several at a time: (1) read them, (2) make their
/// messages durable with one commit, (3) remove the files. If the relay is killed between 2 and 3, it finds the messages by their keys and
/// only repeats 3. A key without an id is of this very file: put there again, it is another message.</summary>
internal sealed partial class QueueFolder : ILoop, IDisposable
{
    /// <summary>How many envelopes are accepted with one commit, for which a turn waits.</summary>
    private const int AtOnce = 16;

    /// <summary>How many bytes of them: they are in memory several times, as bytes, as text and as the database takes it.</summary>
    private static readonly long BytesAtOnce = Math.Clamp(MemoryRoom.Available / 48, 1 << 20, 8 << 20);

    /// <summary>After this the folder is looked at again, though not all is taken: what came meanwhile may be another session's.</summary>
    private static readonly TimeSpan LongestPass = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Rescan = TimeSpan.FromSeconds(5);

    private readonly SettingsSource _settings;
    private readonly Inbox _inbox;
    private readonly ChangeFeed _changes;
    private readonly TimeProvider _clock;
    private readonly RejectedFolder _rejected;
    private readonly Speakers _speakers;
    private readonly FolderWatch _watch;
    private readonly ILogger _log;
    private readonly Dictionary<string, (FileFacts Facts, long Since)> _unfinished = [];

    /// <summary>What could not be dealt with, such as a file that cannot be moved away.
    /// It is tried again once the others are done.</summary>
    private readonly Dictionary<string, Exception> _faulty = [];

    private readonly QueueLine _line;

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
        _line = new QueueLine(session => settings.Current.Config.Sessions.Any(each => each.SessionId == session.Value));
        _speakers = new Speakers(settings);
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
        if (_line.Left == 0)
            _faulty.Clear();
        var handled = 0;
        var contents = QueueContents.Of(Home.Queue);
        if (contents.HasForeign && Try(() => ForeignNames.Rename(Home.Queue, QueueContents.Extension) > 0, Home.Queue) > 0)
            contents = QueueContents.Of(Home.Queue);
        var files = contents.InOrder();
        Forget(files);
        _line.Set(files);
        var started = _clock.GetTimestamp();
        while (_line.Left > 0 && _clock.GetElapsedTime(started) < LongestPass)
            handled += await TakeAsync(_line.Take(AtOnce, BytesAtOnce), cancellationToken);
        if (_line.Left > 0)
            return Math.Max(1, handled); // There is more to do.
        if (_faulty.Count > 0)
            ExceptionDispatchInfo.Throw(_faulty.Values.First());
        return handled;
    }

    private void Forget(List<(string Path, FileFacts Facts)> files)
    {
        if (_unfinished.Count == 0)
            return;
        var there = files.Select(file => file.Path).ToHashSet();
        foreach (var gone in _unfinished.Keys.Where(path => !there.Contains(path)).ToList())
            _unfinished.Remove(gone);
    }

    /// <summary>The envelopes in the folder, oldest first.</summary>
    public static List<(string Path, FileFacts Facts)> Waiting(string queue) => QueueContents.Of(queue).InOrder();

    /// <summary>How many envelopes there are, whatever their names.</summary>
    public static int Count(string queue) => QueueContents.Of(queue).Count;

    public void Dispose() => _watch.Dispose();

    private async Task<int> TakeAsync(List<(string Path, FileFacts Facts)> files, CancellationToken cancellationToken)
    {
        try
        {
            return await AcceptAsync(files, cancellationToken);
        }
        catch (OutOfMemoryException) when (files.Count > 1)
        {
            var handled = 0;
            foreach (var file in files)
                handled += await TakeAsync([file], cancellationToken);
            return handled;
        }
        catch (OutOfMemoryException exception)
        {
            _faulty[files[0].Path] = exception;
            return 0;
        }
    }

    private async Task<int> AcceptAsync(List<(string Path, FileFacts Facts)> files, CancellationToken cancellationToken)
    {
        var handled = 0;
        var found = new List<Found>();
        foreach (var (path, facts) in files)
            handled += Try(() => Read(path, facts, found), path); // (1)
        var acceptances = await _inbox.AcceptAsync(found.ConvertAll(each => each.Incoming), cancellationToken); // (2)
        _isUrgent = acceptances.Length == 0
            || acceptances.Any(acceptance => acceptance is not Inbox.Acceptance.Accepted { IsUrgent: false });
        foreach (var (each, acceptance) in found.Zip(acceptances))
            handled += Try(() => Settle(each, acceptance), each.Path); // (3)
        return handled;
    }

    /// <summary>A file that causes an exception does not hold up the others, nor is it tried again at once.</summary>
    private int Try(Func<bool> step, string path)
    {
        if (_faulty.ContainsKey(path))
            return 0;
        try
        {
            return step() ? 1 : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _faulty[path] = exception;
            return 0;
        }
    }

    /// <summary>Reads a file and adds its envelope to <paramref name="found"/>. True when the file was rejected.</summary>
    private bool Read(string path, FileFacts facts, List<Found> found)
    {
        if (_unfinished.TryGetValue(path, out var seen) && seen.Facts == facts && _clock.GetElapsedTime(seen.Since) < Settled)
            return false;
        if (!_settings.Current.Config.TakesFiles)
            return Reject(path, Speakers.Closed);
        if (_speakers.NamesRefusal(facts) is { } names)
            return RejectWhenSettled(path, facts, names); // A writer that links it into place takes the other name away at once.
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
            case Envelope.Read.Valid valid when _speakers.Refusal(valid.Envelope.Session, facts.Owner) is { } refusal:
                return Reject(path, refusal);
            case Envelope.Read.Valid valid:
                found.Add(Found.From(path, facts, bytes, valid.Envelope));
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
    private sealed record Found(string Path, FileFacts Facts, Incoming Incoming)
    {
        public static Found From(string path, FileFacts facts, byte[] bytes, Envelope envelope)
        {
            var key = envelope.Id is { } id ? "id:" + id : KeyOf(path, facts, bytes);
            var incoming = new Incoming(envelope.Session, envelope.Content, key, ReplyChannel.Folder) { MessageId = envelope.MessageId };
            return new Found(path, facts, incoming);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Rejected envelope {Name}: {Reason}")]
    private partial void LogRejected(string name, string reason);

    [LoggerMessage(LogLevel.Information, "Envelope {Name} is {MessageId} again, accepted before")]
    private partial void LogDuplicate(string name, MessageId messageId);
}
