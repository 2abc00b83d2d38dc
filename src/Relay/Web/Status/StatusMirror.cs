using Relay.Configuration;
using Relay.Files;
using Relay.Running;

namespace Relay.Web.Status;

/// <summary>Keeps state/status.json within a second of the truth, written whole or not at all.</summary>
internal sealed class StatusMirror(StatusReader status, SettingsSource settings) : ILoop
{
    private byte[] _written = [];
    private bool _isWaiting;

    public Topic? WakesOn => Topic.Any;

    /// <summary>Every second while a message waits, because its age is in the file. All other changes wake the loop.</summary>
    public TimeSpan Poll => _isWaiting ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(10);

    public TimeSpan Rest => TimeSpan.FromMilliseconds(250);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var current = await status.ReadAsync(running: true, cancellationToken);
        _isWaiting = current.QueueDepth > 0;
        var json = current.ToJson();
        var file = settings.Current.Home.StatusFile;
        if (json.AsSpan().SequenceEqual(_written) && File.Exists(file))
            return 0;
        DurableFile.Replace(file, json);
        _written = json;
        return 0;
    }
}
