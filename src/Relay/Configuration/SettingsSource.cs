namespace Relay.Configuration;

internal abstract record Loaded
{
    private Loaded() { }
    public sealed record Ok(SettingsSource Source) : Loaded;
    public sealed record Faulty(IReadOnlyList<ConfigFault> Faults) : Loaded;
}

internal abstract record Reloaded
{
    private Reloaded() { }
    public sealed record Unchanged : Reloaded;
    public sealed record Changed(Settings Old, Settings New) : Reloaded;

    /// <summary>The current settings stay in force. The same faults are not reported again until a file changes.</summary>
    public sealed record Faulty(IReadOnlyList<ConfigFault> Faults) : Reloaded;
}

/// <summary>The settings in force. They follow their files: a loop elsewhere calls <see cref="Reload"/>.
/// Safe to use from several threads.</summary>
internal sealed class SettingsSource
{
    private readonly RelayHome _home;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Lock _reloading = new();
    private FileStamps _read;
    private FileStamps? _emptied;
    private volatile Settings _current;

    private SettingsSource(RelayHome home, IReadOnlyDictionary<string, string> environment, Reading first)
    {
        _home = home;
        _environment = environment;
        _read = first.Stamps;
        _current = first.Settings;
    }

    public Settings Current => _current;

    /// <summary>With <paramref name="generate"/>, a missing topic or token is generated and written to .env.</summary>
    public static Loaded Load(RelayHome home, IReadOnlyDictionary<string, string> environment, bool generate)
    {
        var reading = Read(home, environment, FileStamps.None, generate);
        return reading.Faults.Count > 0
            ? new Loaded.Faulty(reading.Faults)
            : new Loaded.Ok(new SettingsSource(home, environment, reading));
    }

    /// <summary>(1) Look whether a file changed, (2) if one has become empty, wait for the next call,
    /// (3) read the files, (4) replace the settings.</summary>
    public Reloaded Reload()
    {
        lock (_reloading)
        {
            var seen = _read.Now();                                                // (1)
            if (seen.SameAs(_read) || IsPerhapsHalfWritten_NeedsLock(seen))        // (2)
                return new Reloaded.Unchanged();

            var reading = Read(_home, _environment, seen, generate: false);        // (3)
            _read = reading.Stamps;
            return reading.Faults.Count > 0
                ? new Reloaded.Faulty(reading.Faults)
                : Replace_NeedsLock(reading.Settings);                             // (4)
        }
    }

    // Some editors empty the file before they write it. Read at that moment, it would mean all defaults.
    private bool IsPerhapsHalfWritten_NeedsLock(FileStamps seen)
    {
        var isNew = seen.EmptiedSince(_read) && !seen.SameAs(_emptied);
        _emptied = isNew ? seen : null;
        return isNew;
    }

    private Reloaded Replace_NeedsLock(Settings next)
    {
        var old = _current;
        var kept = next with { Secrets = KeepGenerated(next.Secrets, old.Secrets) };
        if (kept.Secrets == old.Secrets && kept.Config.SameAs(old.Config))
            return new Reloaded.Unchanged();

        _current = kept;
        return new Reloaded.Changed(old, kept);
    }

    // If the topic or token is removed while the relay runs, the old one stays in force.
    // A new one would have to be written to .env, and that could overwrite what somebody is editing.
    private static Secrets KeepGenerated(Secrets next, Secrets old) => next with
    {
        NtfyTopic = next.NtfyTopic.Length > 0 ? next.NtfyTopic : old.NtfyTopic,
        Token = next.Token.Length > 0 ? next.Token : old.Token,
    };

    private static Reading Read(RelayHome home, IReadOnlyDictionary<string, string> environment, FileStamps seen, bool generate)
    {
        var faults = new List<ConfigFault>();
        var stamps = seen.For([home.EnvFile, home.ConfigFile]); // Taken before reading: a file that changes in between is read again.
        var file = DotEnv.Load(home.EnvFile, faults);
        if (generate && faults.Count == 0)
            Generate(file, environment, faults);

        var secrets = Secrets.Resolve(file, environment, faults);
        var (config, configFaults) = ConfigReader.Read(home);
        faults.AddRange(configFaults);
        if (config.Store == StoreKind.Postgres)
            Secrets.RequireDatabaseUrl(file, environment, faults);
        return new Reading(new Settings(home, config, secrets), faults, stamps.With(config.SystemPromptFile, seen));
    }

    private static void Generate(DotEnv file, IReadOnlyDictionary<string, string> environment, List<ConfigFault> faults)
    {
        Secrets.EnsureGenerated(file, environment);
        try
        {
            file.Save();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add(new ConfigFault(file.Name, null, $"cannot be written: {exception.Message}"));
        }
    }

    private sealed record Reading(Settings Settings, IReadOnlyList<ConfigFault> Faults, FileStamps Stamps);
}
