using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Intake;

/// <summary>Accepts the envelopes in queue/, oldest first. For each: (1) read it, (2) one transaction makes its message durable,
/// (3) remove the file. Killed between 2 and 3, the file's key is known and only 3 is repeated.</summary>
internal sealed partial class QueueFolder : Loop
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Rescan = TimeSpan.FromSeconds(3);

    private readonly SettingsSource _settings;
    private readonly Inbox _inbox;
    private readonly Signals _signals;
    private readonly RejectedFolder _rejected;
    private readonly FolderWatch _watch;
    private readonly ILogger _log;
    private readonly Dictionary<string, (FileFacts Facts, long Since)> _unfinished = [];

    public QueueFolder(SettingsSource settings, Inbox inbox, Signals signals, Faults faults, TimeProvider clock, ILogger<QueueFolder> log)
        : base(signals.Queue, faults, clock, log)
    {
        _settings = settings;
        _inbox = inbox;
        _signals = signals;
        _log = log;
        _watch = new FolderWatch(Home.Queue, FolderWatch.NamesAndContents, signals.Queue);
        _rejected = new RejectedFolder(Home.Rejected);
    }

    private RelayHome Home => _settings.Current.Home;

    protected override TimeSpan PollInterval => _unfinished.Count == 0 ? Rescan : TimeSpan.FromMilliseconds(250);

    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        _watch.Renew();
        var handled = 0;
        var files = Waiting(Home.Queue);
        Exception? fault = null;
        foreach (var (path, facts) in files)
            try
            {
                if (await TakeAsync(path, facts, cancellationToken))
                    handled++;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                fault ??= exception; // The others are not held up by it.
            }
        foreach (var gone in _unfinished.Keys.Except(files.Select(file => file.Path)).ToList())
            _unfinished.Remove(gone);
        if (files.Count > 0)
            _signals.Status.Set(); // What waits in the folder counts there too.
        if (fault is not null)
            ExceptionDispatchInfo.Throw(fault);
        return handled;
    }

    /// <summary>Envelopes that wait in the folder, oldest first. Links, FIFOs, sockets and folders are not looked into.</summary>
    public static List<(string Path, FileFacts Facts)> Waiting(string queue)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(queue)
                .Where(path => !Path.GetFileName(path).StartsWith('.') && path.EndsWith(".json", StringComparison.Ordinal))
                .Select(path => (Path: path, Facts: Posix.Lstat(path)))
                .Where(file => file.Facts is { Kind: FileKind.Regular })
                .Select(file => (file.Path, Facts: file.Facts!.Value))
                .OrderBy(file => file.Facts.ModifiedNanoseconds)
                .ThenBy(file => file.Path, StringComparer.Ordinal)
                .ToList();
        }
        catch (DirectoryNotFoundException) // Somebody removed it; the next pass makes it again.
        {
            return [];
        }
    }

    public override void Dispose()
    {
        _watch.Dispose();
        base.Dispose();
    }

    private async Task<bool> TakeAsync(string path, FileFacts facts, CancellationToken cancellationToken)
    {
        if (_unfinished.TryGetValue(path, out var seen) && seen.Facts == facts && Clock.GetElapsedTime(seen.Since) < Settled)
            return false;
        byte[]? bytes;
        try
        {
            var limit = _settings.Current.Config.MaxEnvelopeBytes;
            if (facts.Size > limit)
                return Reject(path, $"{facts.Size} bytes are over the limit of {limit} (max_envelope_bytes)");
            bytes = UntrustedFile.Read(path, facts, limit); // (1)
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return RejectWhenSettled(path, facts, $"cannot be read: {exception.Message}");
        }
        if (bytes is null) // Gone, changed or swapped for something else: the next scan sees what it is now.
            return false;
        return Envelope.Parse(bytes) switch
        {
            Envelope.Read.Valid valid => await AcceptAsync(path, facts, bytes, valid.Envelope, cancellationToken),
            Envelope.Read.Invalid invalid => Reject(path, invalid.Reason),
            Envelope.Read.Unfinished unfinished => RejectWhenSettled(path, facts, unfinished.Reason),
            _ => throw new InvalidOperationException(),
        };
    }

    private async Task<bool> AcceptAsync(string path, FileFacts facts, byte[] bytes, Envelope envelope, CancellationToken cancellationToken)
    {
        CrashPoint.Pass("accept-1-read");
        var key = envelope.Id is { } id ? "id:" + id : "file:" + Fingerprint(path, facts, bytes);
        var acceptance = await _inbox.AcceptAsync(envelope.Session, envelope.Content, key, ReplyChannel.Folder, cancellationToken); // (2)
        CrashPoint.Pass("accept-2-durable");
        if (acceptance is Inbox.Acceptance.Refused refused)
            return Reject(path, refused.Reason);
        if (acceptance is Inbox.Acceptance.Duplicate duplicate)
            LogDuplicate(Path.GetFileName(path), duplicate.Message.Id);
        UntrustedFile.Remove(path, facts); // (3)
        CrashPoint.Pass("accept-3-removed");
        _unfinished.Remove(path);
        return true;
    }

    private bool RejectWhenSettled(string path, FileFacts facts, string reason)
    {
        if (_unfinished.TryGetValue(path, out var seen) && seen.Facts == facts && Clock.GetElapsedTime(seen.Since) >= Settled)
            return Reject(path, reason);
        if (seen.Facts != facts)
            _unfinished[path] = (facts, Clock.GetTimestamp());
        return false;
    }

    private bool Reject(string path, string reason)
    {
        _unfinished.Remove(path);
        if (_rejected.Move(path, reason) is not { } name)
            return false;
        LogRejected(name, reason);
        return true;
    }

    private static string Fingerprint(string path, FileFacts facts, byte[] bytes) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Path.GetFileName(path)}|{facts.ModifiedNanoseconds}|{facts.Size}|{Convert.ToHexStringLower(SHA256.HashData(bytes))}");

    [LoggerMessage(LogLevel.Warning, "Rejected envelope {Name}: {Reason}")]
    private partial void LogRejected(string name, string reason);

    [LoggerMessage(LogLevel.Information, "Envelope {Name} is {MessageId} again, accepted before")]
    private partial void LogDuplicate(string name, MessageId messageId);
}
