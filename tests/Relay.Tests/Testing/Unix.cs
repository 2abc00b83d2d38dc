using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Relay.Tests.Testing;

/// <summary>Creates files of kinds that .NET cannot create.</summary>
internal static partial class Unix
{
    public static bool IsRoot => EffectiveUser() == 0;

    public static void Fifo(string path)
    {
        if (MakeFifo(path, 0b110_000_000) != 0)
            throw new IOException($"mkfifo {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    public static void HardLink(string from, string to)
    {
        if (Link(from, to) != 0)
            throw new IOException($"link {from}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Gives a file to another user. Only root may, so a test that needs it is skipped elsewhere.</summary>
    public static void Give(string path, uint user)
    {
        Xunit.Assert.SkipUnless(IsRoot, "only root may give a file to another user");
        if (Chown(path, user, user) != 0)
            throw new IOException($"chown {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    public static void Forbid(string path) => File.SetUnixFileMode(path, UnixFileMode.None);

    /// <summary>Creates a socket. It is moved to its path, because the address of a socket is limited to 108 bytes.</summary>
    public static void Socket(string path)
    {
        var temporary = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var socket = new System.Net.Sockets.Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(temporary));
        File.Move(temporary, path);
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);
}
