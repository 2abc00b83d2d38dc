using Relay.Configuration;
using Relay.Running;

namespace Relay.Operator;

/// <summary>A change of the settings gives everything that is held a new try: it may have mended the cause.</summary>
internal sealed partial class HoldRelease(Holds holds, SettingsSource settings, ILogger<HoldRelease> log) : ILoop
{
    private Settings _seen = settings.Current;

    public Topic? WakesOn => Topic.Settings;

    public TimeSpan Poll => TimeSpan.FromSeconds(30);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var current = settings.Current;
        if (ReferenceEquals(current, _seen))
            return 0;
        var released = await holds.ReleaseAllAsync("tried again after the configuration changed", cancellationToken);
        _seen = current; // Only now: what failed is tried again.
        LogReleased(released);
        return released;
    }

    [LoggerMessage(LogLevel.Information, "The configuration changed; {Messages} held messages are tried again")]
    private partial void LogReleased(int messages);
}
