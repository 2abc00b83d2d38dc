namespace Relay.Storage;

/// <summary>Reads files that strangers wrote.</summary>
internal static class UntrustedFile
{
    /// <summary>The whole file, or null when it is gone, is no regular file, or is longer than <paramref name="limit"/> bytes.
    /// Never more than the limit is read into memory.</summary>
    public static byte[]? Read(string path, int limit)
    {
        using var handle = Posix.OpenRegular(path);
        if (handle is null)
            return null;
        var length = Posix.Facts(handle).Size;
        if (length > limit)
            return null;
        var bytes = new byte[length];
        var read = 0;
        while (read < bytes.Length && RandomAccess.Read(handle, bytes.AsSpan(read), read) is var count and > 0)
            read += count;
        return bytes[..read];
    }
}
