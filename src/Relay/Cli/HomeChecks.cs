using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Intake;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>What doctor checks in the home folder: the file of secrets, the folders, their disks.</summary>
internal static class HomeChecks
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private const UnixFileMode ToOthers = Others | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const int WrittenByAnyone = 0b000_010_010, Sticky = 0b001_000_000_000;

    public static IEnumerable<Finding> Run(RelayHome home) =>
    [
        Env(home), Folders(home), .. WrittenByOthers(home), .. Open(home), .. Parents(home), .. Queue(home), .. Ignored(home),
        .. DiskChecks.Run(home),
    ];

    /// <summary>What a start says and goes on.</summary>
    public static IEnumerable<string> Warnings(RelayHome home) =>
        Open(home).Concat(Parents(home)).Concat(Queue(home))
            .Where(finding => finding.State is FindingState.Fault)
            .Select(finding => $"{finding.Detail}: {finding.Fix}");

    private static Finding Env(RelayHome home)
    {
        if (!File.Exists(home.EnvFile))
            return Finding.Ok(".env", "not there yet; relay run makes it");
        var mode = File.GetUnixFileMode(home.EnvFile);
        return (mode & Others) == 0
            ? Finding.Ok(".env", $"mode {Convert.ToString((int)mode, 8)}, for its owner alone")
            : Finding.Fault(".env", $"mode {Convert.ToString((int)mode, 8)}: others can read the keys", $"chmod 600 {home.EnvFile}");
    }

    private static Finding Folders(RelayHome home)
    {
        if (!Directory.Exists(home.Root))
            return Finding.Fault("folders", $"{home.Root} is not there", $"relay init --home {home.Root}");
        foreach (var folder in (string[])[home.Root, home.Queue, home.Rejected, home.Dispatch, home.Staged, home.State, home.Logs])
        {
            if (!Directory.Exists(folder))
                return File.Exists(folder)
                    ? Finding.Fault("folders", $"{folder} must be a folder: it is a file", $"remove it; then relay init --home {home.Root}")
                    : Finding.Fault("folders", $"{folder} is not there", $"relay init --home {home.Root}");
            if (WhyNotWritable(folder) is { } reason)
                return Finding.Fault(
                    "folders", $"{folder} is not writable: {reason}", $"chown or chmod {folder} so that the relay may write there");
        }
        return Finding.Ok("folders", "all there and writable");
    }

    private static IEnumerable<Finding> WrittenByOthers(RelayHome home)
    {
        if (HomeTrust.WhyNot(home) is { } reason)
            yield return Finding.Fault("home", reason, "what the last words say; until then no command works on it");
    }

    /// <summary>What others may look into. Where the home itself is closed, open folders in it do no harm yet.</summary>
    private static IEnumerable<Finding> Open(RelayHome home)
    {
        if (HomeTrust.ReadableByOthers(home) is { Count: > 0 } readable)
        {
            yield return Finding.Fault(
                "modes", $"others may read {string.Join(", ", readable)}", $"chmod go-rwx {string.Join(' ', readable)}");
            yield break;
        }
        List<string> open = [.. new[] { home.Rejected, home.Dispatch, home.Staged, home.State, home.Logs }
            .Where(folder => Directory.Exists(folder) && (File.GetUnixFileMode(folder) & ToOthers) != 0)];
        if (open.Count > 0)
            yield return Finding.Warning(
                "modes", $"others may look into {string.Join(", ", open)}", $"chmod 700 {string.Join(' ', open)}");
    }

    private static IEnumerable<Finding> Ignored(RelayHome home)
    {
        var ignored = QueueContents.Of(home.Queue).Ignored;
        if (ignored.Count > 0)
            yield return Finding.Warning(
                "queue",
                $"what is no regular file is never opened, {Printing.Count(ignored.Count)} there: "
                + $"{Printable.OneLine(Path.GetFileName(ignored[0]))}",
                $"take links, folders and pipes out of {home.Queue}; an envelope is a file of its own");
    }

    private static IEnumerable<Finding> Parents(RelayHome home)
    {
        if (HomeTrust.UnsafeParents(home) is { Count: > 0 } unsafeParents)
            yield return Finding.Fault(
                "parents", $"others can put another folder in the place of this home: {string.Join("; ", unsafeParents)}",
                "take that from them with chmod or chown, or move the home");
    }

    /// <summary>Open to others on purpose, it needs the sticky bit, or they can take each other's envelopes away.</summary>
    private static IEnumerable<Finding> Queue(RelayHome home)
    {
        if (Posix.Stat(home.Queue) is { } facts && (facts.Mode & WrittenByAnyone) != 0 && (facts.Mode & Sticky) == 0)
            yield return Finding.Fault(
                "queue", $"others may write to {home.Queue}, and remove each other's envelopes", $"chmod 1733 {home.Queue}, or 700");
    }

    /// <summary>Writes a file to find out. Its name starts with a dot, so the relay ignores it.</summary>
    private static string? WhyNotWritable(string folder)
    {
        var probe = Path.Combine(folder, $".doctor-{Environment.ProcessId}");
        try
        {
            DurableFile.WriteNew(probe, [], DurableFile.OwnerAlone);
            File.Delete(probe);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
