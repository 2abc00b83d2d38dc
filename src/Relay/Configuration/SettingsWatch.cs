using Relay.Running;

namespace Relay.Configuration;

/// <summary>Loads .env and config.yaml again when they change while the relay runs.</summary>
internal sealed partial class SettingsWatch(SettingsSource settings, ChangeFeed changes, Faults faults, ILogger<SettingsWatch> log) : ILoop
{
    private const string Source = "configuration";

    public Topic? WakesOn => null;

    /// <summary>Polling needs only two system calls, and it also finds changes of a file behind a link.</summary>
    public TimeSpan Poll => TimeSpan.FromSeconds(2);

    public Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        switch (settings.Reload())
        {
            case Reloaded.Changed changed:
                faults.Clear(Source);
                LogChanged();
                if (changed.Old.Config.Listen != changed.New.Config.Listen || changed.Old.Config.Advisor != changed.New.Config.Advisor)
                    LogRestartNeeded();
                changes.Publish(Topic.Settings);
                break;
            case Reloaded.Faulty faulty:
                foreach (var fault in faulty.Faults)
                    LogFaulty(fault.ToString());
                faults.Set(Source, string.Join("; ", faulty.Faults));
                break;
        }
        return Task.FromResult(0);
    }

    [LoggerMessage(LogLevel.Information, "The configuration changed")]
    private partial void LogChanged();

    [LoggerMessage(LogLevel.Warning, "listen and advisor take effect at the next start")]
    private partial void LogRestartNeeded();

    [LoggerMessage(LogLevel.Error, "The changed configuration is faulty, the one before stays in force: {Fault}")]
    private partial void LogFaulty(string fault);
}
