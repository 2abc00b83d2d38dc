using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>The keyboard's terminal, each key as it is pressed and none of them shown, until it is put back as it was. Putting it back is
/// done once, by whoever comes first: the end, a signal, or a fault.</summary>
internal sealed partial class TerminalMode : IDisposable
{
    private const int Keyboard = 0;
    private const int WhenWritten = 1, WhenWrittenAndUnread = 2; // TCSADRAIN and TCSAFLUSH, on Linux and macOS
    private const int LargerThanAny = 256; // struct termios: 60 bytes on Linux, 72 on macOS. Nothing in it is looked at here.

    private readonly Lock _lock = new();
    private readonly byte[] _before = new byte[LargerThanAny];
    private bool _isRaw;

    /// <exception cref="IOException">It is no terminal.</exception>
    public TerminalMode()
    {
        if (Get(Keyboard, _before) != 0)
            throw new IOException("standard input is no terminal");
        Enter();
    }

    /// <summary>Again, after the process was stopped and its shell has set the terminal for itself.</summary>
    public void Enter()
    {
        lock (_lock)
        {
            var raw = (byte[])_before.Clone();
            MakeRaw(raw);
            _isRaw = Set(Keyboard, WhenWritten, raw) == 0;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isRaw)
                _ = Set(Keyboard, WhenWrittenAndUnread, _before); // Keys that nobody has read are not for the shell.
            _isRaw = false;
        }
    }

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int Get(int file, [Out] byte[] mode);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int Set(int file, int when, byte[] mode);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw([In, Out] byte[] mode);
}
