using Relay.Configuration;
using Relay.Files;
using Relay.Running;

namespace Relay.Web.Status;

/// <summary>Keeps state/status.json within a second of the truth, written whole or not at all, truthful or absent.</summary>
internal sealed class StatusMirror(StatusReader status, SettingsSource settings, ChangeFeed changes, TimeProvider clock) : ILoop
{
    /// <summary>Without a change that was heard of, the database is read again only so often.</summary>
    private static readonly TimeSpan Rereading = TimeSpan.FromSeconds(10);

    private const int MuchWaits = 1_000;

    private StatusReport? _report;
    private byte[] _written = [];
    private long _version;
    private long _readAt;

    public string Name => "writing the status";

    public Topic? WakesOn => Topic.Any;

    /// <summary>Every second while a message waits, because its age is in the file, or something is broken,
    /// because it may be mended unheard.
    /// All other changes wake the loop.</summary>
    public TimeSpan Poll => _report is { QueueDepth: > 0 } or { State: "error" } ? TimeSpan.FromSeconds(1) : Rereading;

    /// <summary>Where very much waits, all of it is counted for each status: then a reading stands for nearly the second it may.</summary>
    public TimeSpan Rest => TimeSpan.FromMilliseconds(_report is { QueueDepth: > MuchWaits } ? 850 : 250);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var version = changes.Version;
        if (_report is null or { DatabaseFault: true } || version != _version || clock.GetElapsedTime(_readAt) >= Rereading)
        {
            _report = await status.ReadAsync(running: true, cancellationToken);
            (_version, _readAt) = (version, clock.GetTimestamp());
        }
        else
            _report = status.Age(_report);
        Write(_report.ToJson());
        return 0;
    }

    /// <summary>After the last loop: a reader of the file must not take a stopped relay for a running one.</summary>
    public async Task SayStoppedAsync(CancellationToken cancellationToken)
    {
        if (_report is null)
            return; // It never ran.
        var report = _report;
        try
        {
            report = await status.ReadAsync(running: true, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // It is stopped all the same, and the rest is what was known last.
        }
        Write((report with { State = "stopped", StateReason = null }).ToJson());
    }

    private void Write(byte[] json)
    {
        var file = settings.Current.Home.StatusFile;
        if (json.AsSpan().SequenceEqual(_written) && File.Exists(file))
            return;
        _written = [];
        DurableFile.ReplaceOrRemove(file, json);
        _written = json;
    }
}
