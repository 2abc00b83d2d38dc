using Relay.Conversations;
using Relay.Running;
using Relay.Storage;

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

    /// <summary>The settings in force stay; the same faults are not reported again until a file changes.</summary>
    public sealed record Faulty(IReadOnlyList<ConfigFault> Faults) : Reloaded;
}

/// <summary>The settings in force, and how they follow their files. Safe to use from several threads; a loop elsewhere calls <see cref="Reload"/>.</summary>
internal sealed class SettingsSource
{
    private readonly RelayHome _home;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Lock _reloading = new();
    private FileStamps _read;
    private FileStamps? _doubted;
    private volatile Settings _current;

    private SettingsSource(RelayHome home, IReadOnlyDictionary<string, string> environment, Reading first)
    {
        _home = home;
        _environment = environment;
        _read = first.Stamps;
        _current = first.Settings;
    }

    public Settings Current => _current;

    /// <summary>With <paramref name="generate"/>, a missing topic or token is made and written to .env.</summary>
    public static Loaded Load(RelayHome home, IReadOnlyDictionary<string, string> environment, bool generate)
    {
        var reading = Read(home, environment, FileStamps.None, generate);
        return reading.Faults.Count > 0
            ? new Loaded.Faulty(reading.Faults)
            : new Loaded.Ok(new SettingsSource(home, environment, reading));
    }

    /// <summary>(1) Look whether a file changed, (2) doubt an emptied one once, (3) read, (4) swap what is in force.</summary>
    public Reloaded Reload()
    {
        lock (_reloading)
        {
            var seen = _read.Now();
            if (seen.SameAs(_read) || IsDoubtful_NeedsLock(seen))
                return new Reloaded.Unchanged();

            var reading = Read(_home, _environment, seen, generate: false);
            _read = reading.Stamps;
            return reading.Faults.Count > 0 ? new Reloaded.Faulty(reading.Faults) : Swap_NeedsLock(reading.Settings);
        }
    }

    // An editor that truncates before it writes leaves the file empty for a moment, and an empty file means all defaults.
    private bool IsDoubtful_NeedsLock(FileStamps seen)
    {
        var doubtful = seen.EmptiedSince(_read) && !seen.SameAs(_doubted);
        _doubted = doubtful ? seen : null;
        return doubtful;
    }

    private Reloaded Swap_NeedsLock(Settings next)
    {
        var old = _current;
        var kept = next with { Secrets = KeepGenerated(next.Secrets, old.Secrets) };
        if (kept.Secrets == old.Secrets && kept.Config.SameAs(old.Config))
            return new Reloaded.Unchanged();

        _current = kept;
        return new Reloaded.Changed(old, kept);
    }

    // A topic or token removed while we run stays in force: writing to a file that somebody is editing could lose their work.
    private static Secrets KeepGenerated(Secrets next, Secrets old) => next with
    {
        NtfyTopic = next.NtfyTopic.Length > 0 ? next.NtfyTopic : old.NtfyTopic,
        Token = next.Token.Length > 0 ? next.Token : old.Token,
    };

    private static Reading Read(RelayHome home, IReadOnlyDictionary<string, string> environment, FileStamps seen, bool generate)
    {
        var faults = new List<ConfigFault>();
        var stamps = seen.For([home.EnvFile, home.ConfigFile]); // Before the read: a file written in between is read again.
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
