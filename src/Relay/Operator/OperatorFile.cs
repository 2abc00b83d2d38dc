using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>Takes the operator's input from state/jc_input.txt. When the file has stopped changing: (1) read it, (2) take the input in
/// one transaction, (3) remove the file. If the relay is killed between 2 and 3, it finds the input already taken and only repeats 3.
/// A refused file is kept, with the reason.</summary>
internal sealed partial class OperatorFile : ILoop, IDisposable
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(1);
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly SettingsSource _settings;
    private readonly Answers _answers;
    private readonly Database _database;
    private readonly TimeProvider _clock;
    private readonly FolderWatch _watch;
    private readonly ILogger _log;
    private (string Path, FileFacts Facts, long Since)? _changing;
    private (string Path, FileFacts Facts)? _blank;

    public OperatorFile(Answers answers, Database database, ChangeFeed changes, SettingsSource settings, ILogger<OperatorFile> log)
    {
        _settings = settings;
        _answers = answers;
        _database = database;
        _log = log;
        _clock = database.Clock;
        _watch = new FolderWatch(settings.Current.Home.State, FolderEvents.Come, () => changes.Publish(Topic.OperatorFile))
        {
            Name = FileName,
        };
    }

    public string Name => "taking the operator's input";

    public Topic? WakesOn => Topic.OperatorFile;

    public TimeSpan Poll => _changing is null ? TimeSpan.FromSeconds(5) : TimeSpan.FromMilliseconds(100);

    private string FileName => _settings.Current.Config.Operator.InputFile;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        _watch.Renew();
        var path = _settings.Current.Home.OperatorFile(FileName);
        if (Posix.Lstat(path) is not { Kind: FileKind.Regular } facts || _blank == (path, facts))
        {
            _changing = null;
            return 0;
        }
        if (_changing is not { } seen || seen.Path != path || seen.Facts != facts)
            _changing = (path, facts, _clock.GetTimestamp());
        else if (_clock.GetElapsedTime(seen.Since) >= Settled)
            return await TakeAsync(path, facts, cancellationToken);
        return 0;
    }

    public void Dispose() => _watch.Dispose();

    private async Task<int> TakeAsync(string path, FileFacts facts, CancellationToken cancellationToken)
    {
        var root = _settings.Current.Home.Root;
        if (!Owners.MayCommand(facts.Owner, root))
            return await RefuseAsync(
                path, $"the file belongs to {Owners.Name(facts.Owner)}, and only the owner of {root} answers by file", cancellationToken);
        var limit = _settings.Current.Config.MaxEnvelopeBytes;
        if (facts.Size > limit)
            return await RefuseAsync(path, $"{facts.Size} bytes are over the limit of {limit} (max_envelope_bytes)", cancellationToken);
        if (UntrustedFile.Read(path, facts, limit) is not { } bytes) // (1)
            return 0;
        if (Decode(bytes) is not { } text)
            return await RefuseAsync(path, "not valid UTF-8", cancellationToken);
        _changing = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            _blank = (path, facts);
            return 0;
        }
        CrashPoint.Pass("answer-1-read");
        var input = new OperatorInput(text.Trim(), Question: null, FileName, KeyOf(facts, bytes), UnaskedWelcome: true)
        {
            WrittenAt = WrittenAt(facts),
        };
        var outcome = await _answers.TakeAsync(input, cancellationToken); // (2)
        CrashPoint.Pass("answer-2-taken");
        if (outcome is Answers.Outcome.Refused refused)
            return await RefuseAsync(path, refused.Reason, cancellationToken);
        UntrustedFile.Remove(path, facts); // (3)
        CrashPoint.Pass("answer-3-removed");
        return 1;
    }

    /// <summary>Of this very file: prepared words put there once more are words again.</summary>
    public static string KeyOf(FileFacts facts, byte[] bytes)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return string.Create(
            CultureInfo.InvariantCulture, $"file:{facts.ModifiedNanoseconds}|{facts.Inode}|{facts.ChangedNanoseconds}|{hash}");
    }

    /// <summary>Not in the future: then somebody's clock is ahead.</summary>
    private DateTimeOffset WrittenAt(FileFacts facts)
    {
        var (written, now) = (DateTimeOffset.FromUnixTimeMilliseconds(facts.ModifiedNanoseconds / 1_000_000), _clock.GetUtcNow());
        return written < now ? written : now;
    }

    private async Task<int> RefuseAsync(string path, string reason, CancellationToken cancellationToken)
    {
        _changing = null;
        if (new RejectedFolder(_settings.Current.Home.RefusedAnswers).Move(path, reason) is not { } kept)
            return 0;
        RejectedFolder.RemoveOldest(_settings.Current.Home.RefusedAnswers);
        LogRefused(kept, Printable.WithoutQuoted(reason));
        var page = new NewPage(
            PageCause.Refused(string.Create(CultureInfo.InvariantCulture, $"{kept}:{_clock.GetUtcNow().ToUnixTimeMilliseconds()}")),
            "Relay: your answer was not taken",
            $"{reason}\n\nIt is kept as state/.rejected/{kept}.",
            Priority: 4,
            "warning");
        await _database.WriteAsync(writing => PageStore.QueueAsync(writing, page, cancellationToken), cancellationToken);
        return 1;
    }

    private static string? Decode(byte[] bytes)
    {
        try
        {
            var start = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
            return StrictUtf8.GetString(bytes.AsSpan(start));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Refused the operator's words, kept as {Name}: {Reason}")]
    private partial void LogRefused(string name, string reason);
}
