using Relay.Configuration;
using Relay.Files;
using Relay.Running;

namespace Relay.Web.Status;

/// <summary>Keeps state/status.json within a second of the truth, written whole or not at all.</summary>
internal sealed class StatusMirror(StatusReader status, SettingsSource settings, TimeProvider clock) : ILoop
{
    /// <summary>Between two writes, however much happens.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(250);

    private byte[] _written = [];
    private bool _isWaiting;

    public Topic? WakesOn => Topic.Any;

    /// <summary>While something waits its age grows, and what is broken may be mended unheard; else all that changes is heard of.</summary>
    public TimeSpan Poll => _isWaiting ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(10);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var current = await status.ReadAsync(running: true, cancellationToken);
        _isWaiting = current.QueueDepth > 0 || current.State == "error";
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
