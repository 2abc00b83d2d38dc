using System.Globalization;
using System.Text;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Keeps rejected files, each with its reason in a file beside it. No file in it is replaced or deleted.</summary>
internal sealed class RejectedFolder(string folder)
{
    /// <summary>The longest name that file systems allow, minus the longest suffix that is added here.</summary>
    private const int LongestName = 255 - 30;

    private const string Reason = ".reason.txt";

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
