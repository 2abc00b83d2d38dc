using Relay.Configuration;
using Relay.Files;
using Relay.Running;

namespace Relay.Web.Status;

/// <summary>Keeps state/status.json up to date, at most a second late. The file is replaced in one step.</summary>
internal sealed class StatusMirror(StatusReader status, SettingsSource settings, TimeProvider clock) : ILoop
{
    /// <summary>The shortest time between two writes.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(250);

    private byte[] _written = [];
    private bool _isWaiting;

    public Topic? WakesOn => Topic.Any;

    /// <summary>Every second while a message waits, because its age is in the file. All other changes wake the loop.</summary>
    public TimeSpan Poll => _isWaiting ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(10);

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
        await clock.PauseAsync(Rest, cancellationToken);
        return 0;
    }
}
