using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Files whose name is not UTF-8. .NET shows other characters in place of what it cannot read, and no path made of them leads to
/// the file: it is renamed first. Only on Linux; the file systems of macOS take no such name.</summary>
internal static class ForeignNames
{
    /// <summary>In bytes.</summary>
    private const int LongestName = 255, LongestStem = 200;

    /// <summary>Whether a path that leads nowhere stands for such a file.</summary>
    public static bool IsOne(string path) => path.Contains('\uFFFD');

    /// <summary>Three bytes stand for each that cannot be read, so the name shown may be longer than a name can be.</summary>
    public static bool IsTooLong(string path) => Encoding.UTF8.GetByteCount(Path.GetFileName(path)) > LongestName;

    /// <summary>How many regular files of such a name there are.</summary>
    public static int Count(string folder, string extension) => Find(folder, extension).Count;

    /// <summary>Gives each a name that can be read: %E9 for a byte that cannot. Returns how many there were.</summary>
    public static int Rename(string folder, string extension)
    {
        var names = Find(folder, extension);
        foreach (var name in names)
        {
            var error = Linux.Rename(Joined(folder, name), Joined(folder, Encoding.UTF8.GetBytes(Free(folder, name, extension))));
            if (error is not (Errno.None or Errno.NoSuchEntry))
                throw Errno.Failed("rename", Readable(name), error);
        }
        return names.Count;
    }

    private static List<byte[]> Find(string folder, string extension)
    {
        if (!OperatingSystem.IsLinux())
            return [];
        return Linux.NamesIn(folder).FindAll(name =>
            name[0] != '.'
            && name.AsSpan().EndsWith(Encoding.UTF8.GetBytes(extension))
            && !Utf8.IsValid(name)
            && Linux.Lstat(Joined(folder, name), out var facts) == Errno.None
            && facts.Kind == FileKind.Regular);
    }

    private static string Free(string folder, byte[] name, string extension)
    {
        var readable = Readable(name)[..^extension.Length];
        var left = LongestStem;
        var stem = string.Concat(readable.EnumerateRunes().TakeWhile(rune => (left -= rune.Utf8SequenceLength) >= 0));
        for (var attempt = 1; ; attempt++)
        {
            var free = string.Create(CultureInfo.InvariantCulture, $"{stem}{(attempt == 1 ? "" : $".{attempt}")}{extension}");
            if (Posix.Lstat(Path.Combine(folder, free)) is null)
                return free;
        }
    }

    private static string Readable(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder();
        while (!name.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(name, out var rune, out var length) == OperationStatus.Done)
                text.Append(rune.ToString());
            else
                foreach (var unread in name[..length])
                    text.Append(CultureInfo.InvariantCulture, $"%{unread:X2}");
            name = name[length..];
        }
        return text.ToString();
    }

    /// <summary>As the system takes a path: ended by a zero.</summary>
    private static byte[] Joined(string folder, byte[] name) => [.. Encoding.UTF8.GetBytes(folder), (byte)'/', .. name, 0];
}
