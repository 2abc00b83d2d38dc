using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>How large the terminal is, without waking the runtime's console, which would send it sequences of its own.</summary>
internal static partial class TerminalSize
{
    private const int StandardOutput = 1;
    private const nuint GetWindowSize = 0x5413; // asm-generic/ioctls.h: TIOCGWINSZ, on x64 and arm64

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows, Columns, Width, Height;
    }

    /// <summary>Null where it is not known. On macOS, where ioctl expects its last argument on the stack and .NET cannot put it there, the
    /// console is asked all the same.</summary>
    public static int? Columns()
    {
        if (OperatingSystem.IsMacOS())
            return Console.WindowWidth is > 0 and var width ? width : null;
        return Control(StandardOutput, GetWindowSize, out var size) == 0 && size.Columns > 0 ? size.Columns : null;
    }

    /// <inheritdoc cref="Columns"/>
    public static int? Rows()
    {
        if (OperatingSystem.IsMacOS())
            return Console.WindowHeight is > 0 and var height ? height : null;
        return Control(StandardOutput, GetWindowSize, out var size) == 0 && size.Rows > 0 ? size.Rows : null;
    }

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int file, nuint request, out WindowSize size);
}
