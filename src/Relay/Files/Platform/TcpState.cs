using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Files.Platform;

/// <summary>What Linux knows of a TCP connection. It is asked by a handle of our own, for the server closes its own as soon as the client
/// has closed its side, and then nothing can be asked by that.</summary>
internal sealed partial class TcpState : IDisposable
{
    /// <summary>Of those that linux/tcp_states.h names.</summary>
    public const int Closed = 7, CloseWait = 8, LastAcknowledgement = 9;

    private const int TcpProtocol = 6, Info = 11; // netinet/tcp.h: IPPROTO_TCP, TCP_INFO
    private const int Duplicate = 1030; // fcntl.h: F_DUPFD_CLOEXEC

    /// <summary>linux/tcp.h, struct tcp_info.</summary>
    private const int AcknowledgedAt = 120, SentAt = 200, SentAgainAt = 208, Length = 216;

    private readonly SafeFileHandle _own;

    private TcpState(SafeFileHandle own) => _own = own;

    /// <summary>Null where the system does not tell, or the connection is closed already.</summary>
    public static TcpState? Of(Socket socket)
    {
        if (!OperatingSystem.IsLinux() || socket.AddressFamily == AddressFamily.Unix)
            return null;
        try
        {
            var own = Control(socket.SafeHandle, Duplicate, 0);
            return own < 0 ? null : new TcpState(new SafeFileHandle(own, ownsHandle: true));
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>The state, how many bytes the other side's system has acknowledged (the end of the connection counts as one), and how many
    /// were sent. Null where an older system does not tell.</summary>
    public (int State, long Acknowledged, long Sent)? Read()
    {
        var (info, length) = (new byte[Length], Length);
        return Option(_own, TcpProtocol, Info, info, ref length) == 0 && length == Length
            ? (info[0], Number(info, AcknowledgedAt), Number(info, SentAt) - Number(info, SentAgainAt))
            : null;
    }

    public void Dispose() => _own.Dispose();

    private static long Number(byte[] info, int at) => BinaryPrimitives.ReadInt64LittleEndian(info.AsSpan(at));

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Control(SafeHandle socket, int command, int from);

    [LibraryImport("libc", EntryPoint = "getsockopt")]
    private static partial int Option(SafeHandle socket, int level, int option, byte[] value, ref int length);
}
