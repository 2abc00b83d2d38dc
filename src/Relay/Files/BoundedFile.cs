using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Relay.Files.Platform;
using Relay.Texts;

namespace Relay.Files;

internal abstract record FileContent
{
    private FileContent() { }
    public sealed record Missing : FileContent;
    public sealed record Bytes(byte[] Content) : FileContent;
    public sealed record Unreadable(string Reason) : FileContent;

    /// <summary>Null where there is none that can be read.</summary>
    public byte[]? Found => (this as Bytes)?.Content;
}

/// <summary>Reads a small file whole. Only a regular file is opened, so that nothing waits for a FIFO or reads a device without end, and
/// never more than the limit gets into memory, even of a file that grows.</summary>
internal static class BoundedFile
{
    /// <summary>Files of the relay's own state, which are far smaller.</summary>
    public const int StateLimit = 16 << 20;

    /// <summary>Whoever has written it. Links are followed.</summary>
    public static FileContent Read(string path, int limit) => Read(path, limit, Posix.OpenRegularThroughLinks, _ => true);

    /// <summary>Of this user, of root, or of whose folder it is in: what it says is obeyed. Links are followed, for people keep such files
    /// elsewhere and link to them; what counts is whose the file is that they lead to.</summary>
    public static FileContent ReadOwn(string path, int limit) =>
        Read(path, limit, Posix.OpenRegularThroughLinks, owner => Owners.MayBeObeyed(owner, path));

    /// <summary>As <see cref="ReadOwn"/>, of what the relay itself has written: no link is followed.</summary>
    public static FileContent ReadState(string path) => Read(path, StateLimit, Posix.OpenRegular, owner => Owners.MayBeObeyed(owner, path));

    private static FileContent Read(string path, int limit, Func<string, SafeFileHandle?> open, Func<uint, bool> isTrusted)
    {
        try
        {
            using var handle = open(path);
            if (handle is null)
                return Posix.Lstat(path) is null || Posix.Stat(path) is null ? new FileContent.Missing() : NoFile();
            return isTrusted(Posix.Facts(handle).Owner)
                ? Read(handle, limit)
                : new FileContent.Unreadable($"belongs to {Owners.Name(Posix.Facts(handle).Owner)}; allowed: a file of your own");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new FileContent.Unreadable($"cannot be read: {Printable.OneLine(exception.Message)}");
        }
    }

    private static FileContent.Unreadable NoFile() => new("cannot be read: it is no regular file");

    private static FileContent Read(SafeFileHandle handle, int limit)
    {
        var buffer = new byte[Math.Min(Posix.Facts(handle).Size, limit) + 1]; // One more, to see whether it goes on.
        var length = 0;
        while (RandomAccess.Read(handle, buffer.AsSpan(length), length) is var count and > 0)
        {
            length += count;
            if (length > limit)
                return new FileContent.Unreadable(
                    string.Create(CultureInfo.InvariantCulture, $"the file is too large; allowed: {limit} bytes"));
            if (length == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(2L * length, limit + 1L));
        }
        return new FileContent.Bytes(buffer[..length]);
    }
}
