using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Reads files that other programs have written.</summary>
internal static class UntrustedFile
{
    /// <summary>The content of the file. Null when it is gone, is not a regular file, is longer than <paramref name="limit"/> bytes,
    /// or does not have these facts before and after it was read. At most <paramref name="limit"/> bytes are read.</summary>
    public static byte[]? Read(string path, FileFacts facts, int limit)
    {
        using var handle = Posix.OpenRegular(path);
        if (handle is null)
            return null;
        var length = Posix.Facts(handle).Size;
        if (length > limit || Posix.Facts(handle) != facts)
            return null;
        var bytes = new byte[length];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is var count and > 0)
            read += count;
        return Posix.Facts(handle) == facts ? bytes[..read] : null;
    }

    /// <summary>Removes the file that was read. If its name belongs to another file now, that is kept.</summary>
    public static void Remove(string path, FileFacts facts)
    {
        if (Posix.Lstat(path) == facts)
            File.Delete(path);
    }
}
