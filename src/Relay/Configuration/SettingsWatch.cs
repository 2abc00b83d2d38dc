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
                if (NeedsRestart(changed))
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

    private static bool NeedsRestart(Reloaded.Changed changed)
    {
        var (old, now) = (changed.Old.Config, changed.New.Config);
        return old.Listen != now.Listen || old.Advisor != now.Advisor || old.Store != now.Store
            || changed.Old.Secrets.DatabaseUrl != changed.New.Secrets.DatabaseUrl;
    }

    [LoggerMessage(LogLevel.Information, "The configuration changed")]
    private partial void LogChanged();

    [LoggerMessage(LogLevel.Warning, "listen, advisor, store and RELAY_DATABASE_URL take effect at the next start")]
    private partial void LogRestartNeeded();

    [LoggerMessage(LogLevel.Error, "The changed configuration is faulty, the one before stays in force: {Fault}")]
    private partial void LogFaulty(string fault);
}
