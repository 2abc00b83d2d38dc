using System.Globalization;
using System.Text;

namespace Relay.Storage;

/// <summary>Where refused files go: moved, never deleted, never over another, each with the reason beside it.</summary>
internal sealed class RejectedFolder(string folder)
{
    /// <summary>Moves NAME.json in and writes NAME.reason.txt; the name it has there.</summary>
    public string Move(string path, string reason)
    {
        Directory.CreateDirectory(folder);
        var name = Path.GetFileNameWithoutExtension(path);
        for (var attempt = 1; ; attempt++)
        {
            var candidate = attempt == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}.{attempt}");
            var target = Path.Combine(folder, candidate + Path.GetExtension(path));
            if (Posix.Lstat(target) is not null)
                continue;
            // The reason comes before the move, so no file ever stands there without one.
            DurableFile.Replace(Path.Combine(folder, candidate + ".reason.txt"), Encoding.UTF8.GetBytes(reason + "\n"));
            if (Posix.RenameNoReplace(path, target))
                return Path.GetFileName(target);
        }
    }
}
