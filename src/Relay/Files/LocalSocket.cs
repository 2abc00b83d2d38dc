using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Relay.Files.Platform;

namespace Relay.Files;

/// <summary>The socket over which the commands of this machine speak to the daemon. It lies in a folder that only its owner may enter;
/// where the file system has no sockets, in a folder of its own under the temporary one.</summary>
internal sealed class LocalSocket(string folder) : IDisposable
{
    public const string Name = "relay.sock";

    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode FolderMode = OwnerAlone | UnixFileMode.UserExecute;
    private SocketWay? _way;
    private string? _own;

    /// <summary>Where it lies; null before it is bound.</summary>
    public string? Path { get; private set; }

    /// <summary>Bound, and not listening yet. One that a killed daemon left is replaced: whoever binds has the home's lock.</summary>
    /// <exception cref="IOException">It cannot lie anywhere.</exception>
    public Socket Bind()
    {
        try
        {
            return BindAt(System.IO.Path.Combine(folder, Name));
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            return BindElsewhere(exception.Message);
        }
    }

    /// <summary>Connects to a daemon.</summary>
    /// <param name="path">Where its socket lies.</param>
    /// <param name="limit">How long a daemon that is busy may take; as the system counts it, for each step.</param>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static Socket Connect(string path, TimeSpan limit)
    {
        using var way = SocketWay.To(path);
        var socket = New();
        socket.SendTimeout = (int)Math.Max(limit.TotalMilliseconds, 1);
        try
        {
            socket.Connect(way.End);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (Path is not null)
            DurableFile.TryRemove(Path); // Where it cannot go, the next start replaces it; a stop is none the worse for it.
        if (_own is not null)
            Directory.Delete(_own, recursive: true);
        _way?.Dispose();
        (Path, _own, _way) = (null, null, null);
    }

    private Socket BindElsewhere(string why)
    {
        try
        {
            _own = OwnFolder();
            return BindAt(System.IO.Path.Combine(_own, Name));
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            throw new IOException($"no socket can be made in {folder} ({why}), nor in {_own ?? "another folder"} ({exception.Message})");
        }
    }

    /// <summary>One that nobody else can enter, the same after each start unless somebody has taken its name.</summary>
    private string OwnFolder()
    {
        var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        var parent = Directory.Exists(runtime) ? runtime : System.IO.Path.GetTempPath();
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)).AsSpan(0, 8));
        var mine = Directory.CreateDirectory(System.IO.Path.Combine(parent, "relay-" + hash), FolderMode);
        var isMine = Posix.Lstat(mine.FullName) is { Kind: FileKind.Folder } facts && facts.Owner == Peer.OwnUser;
        return isMine && mine.UnixFileMode == FolderMode ? mine.FullName : Directory.CreateTempSubdirectory("relay-").FullName;
    }

    private Socket BindAt(string path)
    {
        File.Delete(path);
        var way = SocketWay.To(path);
        var socket = New();
        try
        {
            socket.Bind(way.End);
            File.SetUnixFileMode(path, OwnerAlone);
            (Path, _way) = (path, way);
            return socket;
        }
        catch
        {
            socket.Dispose();
            way.Dispose();
            throw;
        }
    }

    private static Socket New() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
}

/// <summary>A way to a socket that is short enough for the system's address of one. Dispose it after the socket.</summary>
internal sealed class SocketWay : IDisposable
{
    /// <summary>sun_path has 108 bytes on Linux and 104 on macOS, its last a zero.</summary>
    private const int Longest = 103;

    private readonly SafeFileHandle? _folder;

    private SocketWay(string path, SafeFileHandle? folder)
    {
        End = new UnixDomainSocketEndPoint(path);
        _folder = folder;
    }

    public UnixDomainSocketEndPoint End { get; }

    /// <exception cref="IOException">The folder is not there, or this system has no short way to it.</exception>
    public static SocketWay To(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) <= Longest)
            return new SocketWay(path, folder: null);
        if (!OperatingSystem.IsLinux())
            throw new IOException($"{path} is longer than the {Longest} bytes a socket's address may have");
        var folder = Posix.OpenFolder(Path.GetDirectoryName(path)!);
        return new SocketWay($"/proc/self/fd/{folder.DangerousGetHandle()}/{Path.GetFileName(path)}", folder);
    }

    public void Dispose() => _folder?.Dispose();
}
