using Relay.Configuration;
using Relay.Running;

namespace Relay.Operator;

/// <summary>Releases all held messages when the settings change, because the change may have removed the cause.</summary>
internal sealed partial class HoldRelease(Holds holds, SettingsSource settings, ILogger<HoldRelease> log) : ILoop
{
    private Settings _seen = settings.Current;

    public string Name => "releasing what is held";

    public Topic? WakesOn => Topic.Settings;

    public TimeSpan Poll => TimeSpan.FromSeconds(30);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var current = settings.Current;
        if (ReferenceEquals(current, _seen))
            return 0;
        var released = await holds.ReleaseAllAsync("tried again after the configuration changed", cancellationToken);
        _seen = current; // Set last, so that a failed release is tried again.
        LogReleased(released);
        return released;
    }

    [LoggerMessage(LogLevel.Information, "The configuration changed; held messages that are tried again: {Messages}")]
    private partial void LogReleased(int messages);
}
