using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>Who is at the other end of a Unix socket, and whether he is still there.</summary>
internal static partial class Peer
{
    private const int SocketLevel = 1, PeerCredentials = 17; // asm-generic/socket.h: SOL_SOCKET, SO_PEERCRED
    private const short HungUp = 0x10, Failed = 0x8; // poll.h of Linux and macOS alike: POLLHUP, POLLERR

    /// <summary>The user this process runs as.</summary>
    public static uint OwnUser => EffectiveUser();

    /// <summary>Null where the system does not tell.</summary>
    public static uint? UserOf(Socket socket)
    {
        try
        {
            if (OperatingSystem.IsMacOS())
                return PeerUser(socket.SafeHandle, out var found, out _) == 0 ? found : null;
            var credentials = new byte[12]; // struct ucred: pid, uid, gid
            return socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == credentials.Length
                ? BitConverter.ToUInt32(credentials, 4)
                : null;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>The number of the process at the other end, as this process sees it; null where the system does not tell.</summary>
    public static int? ProcessOf(Socket socket)
    {
        if (OperatingSystem.IsMacOS())
            return null;
        try
        {
            var credentials = new byte[12];
            return socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) == credentials.Length
                && BitConverter.ToInt32(credentials) is var process and > 0 ? process : null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Whether the other end is this user, root, or the owner of the folder the socket lies in.</summary>
    public static bool IsTrusted(Socket socket, uint owner) =>
        UserOf(socket) is not { } user || user == owner || user == 0 || user == OwnUser;

    /// <summary>Whether the other end of a Unix socket is closed. What was sent before may not have been read.</summary>
    public static bool HasHungUp(Socket socket)
    {
        var asked = new Asked { File = (int)socket.Handle };
        return Poll(ref asked, 1, 0) > 0 && (asked.Found & (HungUp | Failed)) != 0;
    }

    /// <summary>struct pollfd.</summary>
    private struct Asked
    {
        public int File;
        public short Events;
        public short Found;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getpeereid")]
    private static partial int PeerUser(SafeHandle socket, out uint user, out uint group);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref Asked asked, nuint count, int milliseconds);
}
