using Relay.Running;

namespace Relay.Configuration;

/// <summary>Loads .env and config.yaml again when they change while the relay runs: (1) see a change, (2) wait until the files stand still,
/// for somebody may be writing them, (3) read them, and take them only if they are whole and valid.</summary>
internal sealed partial class SettingsWatch(
    SettingsSource settings, ChangeFeed changes, Faults faults, TimeProvider clock, ILogger<SettingsWatch> log) : ILoop
{
    /// <summary>Longer than an editor takes between the removal of a file and its new content.</summary>
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(3);

    private (FileStamps Stamps, long Since)? _changing;

    public string Name => "following the settings";

    public Topic? WakesOn => null;

    /// <summary>Polling needs only two system calls, and it also finds changes of a file behind a link.</summary>
    public TimeSpan Poll => _changing is null ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(0.5);

    public Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        settings.KeepInForce();
        if (settings.Unread() is not { } seen) // (1)
            _changing = null;
        else if (_changing is not { } changing || !changing.Stamps.SameAs(seen))
            _changing = (seen, clock.GetTimestamp());
        else if (clock.GetElapsedTime(changing.Since) >= Still) // (2)
            Reload();
        return Task.FromResult(0);
    }

    private void Reload()
    {
        switch (settings.Reload()) // (3)
        {
            case Reloaded.Changed changed:
                settings.KeepInForce();
                LogChanged();
                if (NeedsRestart(changed))
                    LogRestartNeeded();
                changes.Publish(Topic.Settings);
                break;
            case Reloaded.Faulty faulty:
                foreach (var fault in faulty.Faults)
                    LogFaulty(fault.ToString());
                break;
        }
        if (settings.Faults.Count == 0)
            faults.Clear(Faults.Configuration);
        else
            faults.Set(Faults.Configuration, string.Join("; ", settings.Faults));
    }

    private static bool NeedsRestart(Reloaded.Changed changed)
    {
        var (old, now) = (changed.Old.Config, changed.New.Config);
        return old.Listen != now.Listen || old.Advisor != now.Advisor || old.Store != now.Store
            || changed.Old.Secrets.DatabaseUrl != changed.New.Secrets.DatabaseUrl;
    }

    [LoggerMessage(LogLevel.Information, "The configuration changed")]
    private partial void LogChanged();

    [LoggerMessage(LogLevel.Warning, "listen, tls, behind, advisor, store and RELAY_DATABASE_URL take effect at the next start")]
    private partial void LogRestartNeeded();

    [LoggerMessage(LogLevel.Error, "The changed configuration is faulty, the one before stays in force: {Fault}")]
    private partial void LogFaulty(string fault);
}
