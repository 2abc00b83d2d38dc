using Relay.Configuration;
using Relay.Storage;

namespace Relay.Web;

/// <summary>Keeps state/status.json within a second of the truth, written whole or not at all.</summary>
internal sealed class StatusMirror(StatusReader status, SettingsSource settings, Signals signals, Faults faults, TimeProvider clock, ILogger<StatusMirror> log)
    : Loop(signals.Status, faults, clock, log)
{
    /// <summary>Between two writes, however much happens.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);

    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(5);

    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var current = await status.ReadAsync(running: true, cancellationToken);
        DurableFile.Replace(settings.Current.Home.StatusFile, current.ToJson());
        await Task.Delay(Rest, Clock, cancellationToken);
        return 0;
    }
}
