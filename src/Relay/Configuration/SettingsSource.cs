using System.Text;
using Relay.Files;

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

/// <summary>The settings in force. They follow their files: a loop elsewhere calls <see cref="Reload"/>. What has vanished or become empty
/// is a fault and never all defaults. Safe to use from several threads.</summary>
internal sealed class SettingsSource
{
    private readonly RelayHome _home;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Lock _reloading = new();
    private FileStamps _read;
    private FileStamps? _emptied;
    private string? _kept;
    private Reading _inForce;
    private volatile Settings _current;
    private volatile IReadOnlyList<ConfigFault> _faults = [];

    private SettingsSource(RelayHome home, IReadOnlyDictionary<string, string> environment, Reading first)
    {
        _home = home;
        _environment = environment;
        _read = first.Stamps;
        _inForce = first;
        _current = first.Settings;
    }

    public Settings Current => _current;

    /// <summary>What is wrong with the files as they are now; empty when they are in force.</summary>
    public IReadOnlyList<ConfigFault> Faults => _faults;

    /// <summary>With <paramref name="generate"/>, a missing topic or token is generated and written to .env.</summary>
    public static Loaded Load(RelayHome home, IReadOnlyDictionary<string, string> environment, bool generate)
    {
        var reading = Read(home, environment, FileStamps.None, generate);
        return reading.Faults.Count > 0
            ? new Loaded.Faulty(reading.Faults)
            : new Loaded.Ok(new SettingsSource(home, environment, reading));
    }

    /// <summary>The settings with which the relay of a home is running, whatever somebody is doing to the files at the moment. A key that
    /// cannot be read has its default: a command needs no more than the address, the token and the database.</summary>
    public static SettingsSource InForce(RelayHome home, IReadOnlyDictionary<string, string> environment)
    {
        var ignored = new List<ConfigFault>();
        var path = File.Exists(home.ConfigInForce) ? home.ConfigInForce : home.ConfigFile;
        var secrets = Secrets.Resolve(DotEnv.Load(home.EnvFile, ignored), environment, ignored);
        var settings = new Settings(home, ConfigReader.Read(home, path).Config, secrets);
        return new SettingsSource(home, environment, new Reading(settings, [], FileStamps.None, Text: "", new Blank(false, false)));
    }

    /// <summary>Writes down what config.yaml said when it was taken, for the commands. Where that cannot be done now, a later call does
    /// it: nothing else depends on it.</summary>
    public void KeepInForce()
    {
        lock (_reloading)
        {
            if (_kept == _inForce.Text && File.Exists(_home.ConfigInForce))
                return;
            try
            {
                DurableFile.Replace(_home.ConfigInForce, Encoding.UTF8.GetBytes(_inForce.Text));
                _kept = _inForce.Text;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                _kept = null;
            }
        }
    }

    /// <summary>How the files look now, if that is not how they were read last.</summary>
    public FileStamps? Unread()
    {
        lock (_reloading)
            return _read.Now() is var seen && seen.SameAs(_read) ? null : seen;
    }

    /// <summary>(1) Look whether a file changed, (2) if one has become empty, wait for the next call,
    /// (3) read the files, and again later if one changed meanwhile, (4) replace the settings.</summary>
    public Reloaded Reload()
    {
        lock (_reloading)
        {
            var seen = _read.Now();                                                // (1)
            if (seen.SameAs(_read) || IsPerhapsHalfWritten_NeedsLock(seen))        // (2)
                return new Reloaded.Unchanged();

            var reading = Read(_home, _environment, seen, generate: false);        // (3)
            if (!seen.SameAs(_read.Now()))
                return new Reloaded.Unchanged();
            _read = reading.Stamps;
            _faults = [.. reading.Faults, .. Vanished_NeedsLock(reading)];
            if (_faults.Count > 0)
                return new Reloaded.Faulty(_faults);
            _inForce = reading;
            return Replace_NeedsLock(reading.Settings);                            // (4)
        }
    }

    private IEnumerable<ConfigFault> Vanished_NeedsLock(Reading reading)
    {
        const string kept = "what it said before stays in force until it is back";
        if (IsCutOff_NeedsLock(reading) && reading.Faults.Count == 0)
            yield return new ConfigFault(
                Path.GetFileName(_home.ConfigFile), null,
                $"{Lost(_home.ConfigFile)}: {kept}; for all defaults write {{}} into it, or restart the relay");
        if (reading.Blank.Env && !_inForce.Blank.Env && reading.Faults.Count == 0)
            yield return new ConfigFault(Path.GetFileName(_home.EnvFile), null, $"{Lost(_home.EnvFile)}: {kept}");
    }

    /// <summary>No setting is left, or only the beginning of what was there, with an end in the middle of a line.</summary>
    private bool IsCutOff_NeedsLock(Reading reading)
    {
        var (before, now) = (_inForce.Text, reading.Text);
        if (reading.Blank.Config && !_inForce.Blank.Config)
            return true;
        if (now.Length == 0 || now.Length >= before.Length || !before.StartsWith(now, StringComparison.Ordinal))
            return false;
        var lineEnd = before.IndexOf('\n', now.Length);
        return now[^1] != '\n' && lineEnd > now.Length && !string.IsNullOrWhiteSpace(before[lineEnd..])
            && !string.IsNullOrWhiteSpace(before[now.Length..lineEnd]);
    }

    private static string Lost(string file) => File.Exists(file) ? "it is cut off, or no setting is left in it" : "the file is gone";

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
        var read = ConfigReader.Read(home, home.ConfigFile);
        var config = read.Config;
        faults.AddRange(read.Faults);
        if (config.Store == StoreKind.Postgres)
            Secrets.RequireDatabaseUrl(file, environment, faults);
        return new Reading(
            new Settings(home, config, secrets), faults, stamps.With(config.SystemPromptFile, seen), read.Text,
            new Blank(read.IsBlank, file.IsBlank));
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

    private sealed record Reading(Settings Settings, IReadOnlyList<ConfigFault> Faults, FileStamps Stamps, string Text, Blank Blank);

    /// <summary>Which of the files held nothing.</summary>
    private sealed record Blank(bool Config, bool Env);
}
