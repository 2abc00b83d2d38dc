using System.Globalization;
using System.Text;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Keeps rejected files, each with its reason in a file beside it. No file in it is replaced; only the oldest of very many
/// go.</summary>
internal sealed class RejectedFolder(string folder)
{
    /// <summary>The longest name that file systems allow, minus the longest suffix that is added here.</summary>
    private const int LongestName = 255 - 30;

    private const string Reason = ".reason.txt";

    public const int MostFiles = 1_000;
    public const long MostBytes = 100L * 1024 * 1024;

    /// <summary>Moves NAME.json into the folder and writes NAME.reason.txt. Returns the new name, or null when the file is gone.</summary>
    public string? Move(string path, string reason)
    {
        Folders.Make(folder);
        var name = Shortened(Path.GetFileNameWithoutExtension(path));
        for (var attempt = 1; ; attempt++)
        {
            var candidate = attempt == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}.{attempt}");
            var target = Path.Combine(folder, candidate + Path.GetExtension(path));
            if (Posix.Lstat(target) is not null)
                continue;
            if (Posix.Lstat(path) is null)
                return null;
            // The reason is written before the move, so there is never a file without one.
            DurableFile.Replace(ReasonFile(folder, candidate), Encoding.UTF8.GetBytes(reason + "\n"));
            if (Posix.RenameNoReplace(path, target))
                return Path.GetFileName(target);
        }
    }

    /// <summary>Removes the oldest while there are too many, or too long ones together; the newest stays in any case.</summary>
    /// <returns>The names of what was removed, each with its reason file as that was.</returns>
    public static List<(string Name, FileFacts Reason)> RemoveOldest(string folder)
    {
        var kept = Kept(folder);
        var (files, bytes) = (kept.Count, kept.Sum(each => each.Bytes));
        var removed = new List<(string Name, FileFacts Reason)>();
        foreach (var each in kept)
        {
            if (files <= 1 || (files <= MostFiles && bytes <= MostBytes))
                break;
            foreach (var path in each.Paths)
                File.Delete(path);
            File.Delete(ReasonFile(folder, each.Name)); // Last: what has a reason is counted, and found again.
            (files, bytes) = (files - 1, bytes - each.Bytes);
            removed.Add((each.Name, each.Reason));
        }
        return removed;
    }

    private sealed record Rejected(string Name, FileFacts Reason, List<string> Paths, long Bytes);

    /// <summary>The oldest first.</summary>
    private static List<Rejected> Kept(string folder)
    {
        var files = Directory.Exists(folder)
            ? Directory.EnumerateFiles(folder).ToLookup(path => Path.GetFileNameWithoutExtension(path))
            : Enumerable.Empty<string>().ToLookup(path => path);
        var kept = new List<Rejected>();
        foreach (var name in Names(folder))
            if (Posix.Lstat(ReasonFile(folder, name)) is { } reason)
            {
                List<string> paths = [.. files[name].Where(path => !path.EndsWith(Reason, StringComparison.Ordinal))];
                kept.Add(new Rejected(name, reason, paths, reason.Size + paths.Sum(path => Posix.Lstat(path)?.Size ?? 0)));
            }
        return [.. kept.OrderBy(each => each.Reason.ModifiedNanoseconds).ThenBy(each => each.Name, StringComparer.Ordinal)];
    }

    /// <summary>The names of all that is kept here, without their ends.</summary>
    public static List<string> Names(string folder) => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateFiles(folder, "*" + Reason).Select(file => Path.GetFileName(file)[..^Reason.Length])];

    /// <summary>The whole name of what is kept under one of these; without an end where it has been cleared away.</summary>
    public static string NameOf(string folder, string name)
    {
        var isReason = name + Reason;
        return Directory.EnumerateFileSystemEntries(folder, "*")
            .Select(path => Path.GetFileName(path))
            .FirstOrDefault(file => file != isReason && Path.GetFileNameWithoutExtension(file) == name, name);
    }

    public static string ReasonFile(string folder, string name) => Path.Combine(folder, name + Reason);

    private static string Shortened(string name)
    {
        var left = LongestName;
        var kept = name.EnumerateRunes().TakeWhile(rune => (left -= rune.Utf8SequenceLength) >= 0).Sum(rune => rune.Utf16SequenceLength);
        return name[..kept];
    }
}
