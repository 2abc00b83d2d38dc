using Relay.Configuration;
using Relay.Running;

namespace Relay.Turns;

/// <summary>Follows .env and config.yaml while the relay runs; a change gives everything that is held a new try.</summary>
internal sealed partial class SettingsWatch(
    SettingsSource settings, Recovery recovery, Signals signals, Faults faults, TimeProvider clock, ILogger<SettingsWatch> log)
    : Loop(new ChangeSignal(), faults, clock, log)
{
    private readonly Faults _faults = faults;
    private readonly ILogger _log = log;

    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(1);

    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        switch (settings.Reload())
        {
            case Reloaded.Changed changed:
                _faults.Clear("configuration");
                var released = await recovery.ReleaseHoldsAsync("tried again after the configuration changed", cancellationToken);
                LogChanged(released);
                if (changed.Old.Config.Listen != changed.New.Config.Listen || changed.Old.Config.Advisor != changed.New.Config.Advisor)
                    LogRestartNeeded();
                signals.Status.Set();
                break;
            case Reloaded.Faulty faulty:
                foreach (var fault in faulty.Faults)
                    LogFaulty(fault.ToString());
                _faults.Set("configuration", string.Join("; ", faulty.Faults));
                signals.Status.Set();
                break;
        }
        return 0;
    }

    [LoggerMessage(LogLevel.Information, "The configuration changed; {Messages} held messages are tried again")]
    private partial void LogChanged(int messages);

    [LoggerMessage(LogLevel.Warning, "listen and advisor take effect at the next start")]
    private partial void LogRestartNeeded();

    [LoggerMessage(LogLevel.Error, "The changed configuration is faulty, the one before stays in force: {Fault}")]
    private partial void LogFaulty(string fault);
}
