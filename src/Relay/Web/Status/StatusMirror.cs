using Relay.Configuration;
using Relay.Files;
using Relay.Running;

namespace Relay.Web.Status;

/// <summary>Keeps state/status.json within a second of the truth, written whole or not at all.</summary>
internal sealed class StatusMirror(StatusReader status, SettingsSource settings, Signals signals, Faults faults, TimeProvider clock, ILogger<StatusMirror> log)
    : Loop(signals.Status, faults, clock, log)
{
    /// <summary>Between two writes, however much happens.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);
    private byte[] _written = [];

    /// <summary>Not everything that counts sends a signal: a fault, an envelope that lies there unread.</summary>
    protected override TimeSpan PollInterval => TimeSpan.FromMilliseconds(500);

    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var current = (await status.ReadAsync(running: true, cancellationToken)).ToJson();
        var file = settings.Current.Home.StatusFile;
        if (current.AsSpan().SequenceEqual(_written) && File.Exists(file))
            return 0;
        DurableFile.Replace(file, current);
        _written = current;
        await Task.Delay(Rest, Clock, cancellationToken);
        return 0;
    }
}
