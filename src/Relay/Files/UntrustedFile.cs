using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>Reads files that strangers wrote.</summary>
internal static class UntrustedFile
{
    /// <summary>The whole file, or null when it is gone, is no regular file, is longer than <paramref name="limit"/> bytes or is not, or no longer,
    /// the one with these facts. Never more than the limit is read into memory.</summary>
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

    /// <summary>Removes the file that was read; another that has taken its name meanwhile stays.</summary>
    public static void Remove(string path, FileFacts facts)
    {
        if (Posix.Lstat(path) == facts)
            File.Delete(path);
    }
}
