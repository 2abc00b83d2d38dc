using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>Standard output or standard error, past the runtime's console: that sends a terminal sequences of its own before the first
/// byte, and says nothing when the reader of a pipe is gone. Nor is it a FileStream, which keeps a position of its own and overwrites what
/// others append to the same file.</summary>
internal sealed partial class StandardStream(int number) : Stream
{
    public const int Output = 1, Error = 2;

    private const int Interrupted = 4; // EINTR
    private static readonly TimeSpan UntilWritable = TimeSpan.FromMilliseconds(5);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <exception cref="IOException">It cannot be written; the result is the error's number.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = Write(number, buffer, (nuint)buffer.Length);
            if (written > 0)
                buffer = buffer[(int)written..];
            else if (Marshal.GetLastPInvokeError() is var error && Errno.IsLocked(error)) // Somebody made it non-blocking.
                new ManualResetEventSlim().Wait(UntilWritable);
            else if (error != Interrupted)
                throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int stream, ReadOnlySpan<byte> bytes, nuint count);
}
