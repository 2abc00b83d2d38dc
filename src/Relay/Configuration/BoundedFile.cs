using Relay.Texts;

namespace Relay.Configuration;

internal abstract record FileContent
{
    private FileContent() { }
    public sealed record Missing : FileContent;
    public sealed record Bytes(byte[] Content) : FileContent;
    public sealed record Unreadable(string Reason) : FileContent;
}

/// <summary>Reads a small file whole. Never reads more than the limit into memory, even from a device or a file that grows.</summary>
internal static class BoundedFile
{
    public static FileContent Read(string path, int limit)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var buffer = new byte[limit + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length > limit
                ? new FileContent.Unreadable($"the file is too large; allowed: {limit} bytes")
                : new FileContent.Bytes(buffer[..length]);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new FileContent.Missing();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new FileContent.Unreadable($"cannot be read: {Printable.OneLine(exception.Message)}");
        }
    }
}
