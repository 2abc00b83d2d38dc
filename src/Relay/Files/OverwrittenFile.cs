using Microsoft.Win32.SafeHandles;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>A file whose content is replaced in place, by one write and without a sync: for JSON that must be current and may be lost or
/// torn with the power. It works where no file can be made any more. Shorter content is filled up with spaces, which JSON allows.</summary>
internal sealed class OverwrittenFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private long _length;

    private OverwrittenFile(SafeFileHandle handle) => (_handle, _length) = (handle, RandomAccess.GetLength(handle));

    /// <summary>Null where there is none that may be written. No link is followed.</summary>
    public static OverwrittenFile? TryOpen(string path) =>
        Posix.OpenToOverwrite(path) is { } handle ? new OverwrittenFile(handle) : null;

    /// <summary>False where the disk takes no writes.</summary>
    public bool TryWrite(ReadOnlySpan<byte> content)
    {
        var whole = new byte[Math.Max(content.Length, _length)];
        content.CopyTo(whole);
        whole.AsSpan(content.Length).Fill((byte)' ');
        try
        {
            RandomAccess.Write(_handle, whole, fileOffset: 0);
            _length = whole.Length;
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public void Dispose() => _handle.Dispose();
}
