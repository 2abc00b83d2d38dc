using System.Globalization;
using System.Text;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Where refused files go: moved, never deleted, never over another, each with the reason beside it.</summary>
internal sealed class RejectedFolder(string folder)
{
    /// <summary>What a file system allows for a name, less the longest ending one gets here.</summary>
    private const int LongestName = 255 - 30;

    /// <summary>Moves NAME.json in and writes NAME.reason.txt; the name it has there, null when it is gone.</summary>
    public string? Move(string path, string reason)
    {
        Directory.CreateDirectory(folder);
        var name = Shortened(Path.GetFileNameWithoutExtension(path));
        for (var attempt = 1; ; attempt++)
        {
            var candidate = attempt == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}.{attempt}");
            var target = Path.Combine(folder, candidate + Path.GetExtension(path));
            if (Posix.Lstat(target) is not null)
                continue;
            if (Posix.Lstat(path) is null)
                return null;
            // The reason comes before the move, so no file ever stands there without one.
            DurableFile.Replace(Path.Combine(folder, candidate + ".reason.txt"), Encoding.UTF8.GetBytes(reason + "\n"));
            if (Posix.RenameNoReplace(path, target))
                return Path.GetFileName(target);
        }
    }

    private static string Shortened(string name)
    {
        var left = LongestName;
        var kept = name.EnumerateRunes().TakeWhile(rune => (left -= rune.Utf8SequenceLength) >= 0).Sum(rune => rune.Utf16SequenceLength);
        return name[..kept];
    }
}
