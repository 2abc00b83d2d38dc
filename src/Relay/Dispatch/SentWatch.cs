using Microsoft.AspNetCore.Connections.Features;
using Relay.Files.Platform;

namespace Relay.Dispatch;

/// <summary>Whether an answer reaches its client; begun before the answer is written. A client may close as soon as it has read the last
/// byte, and the server then forgets the connection before anybody can ask: so the system is asked.</summary>
internal sealed class SentWatch : IDisposable
{
    private readonly HttpContext _context;
    private readonly TcpState? _tcp;
    private readonly long _before;

    private SentWatch(HttpContext context)
    {
        _context = context;
        _tcp = context.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket ? TcpState.Of(socket) : null;
        _before = _tcp?.Read()?.Acknowledged ?? 0;
    }

    public static SentWatch Begin(HttpContext context) => new(context);

    /// <summary>Asked after the answer was written: the client went away before it had read everything. One that closed in an orderly way
    /// has acknowledged our end of the connection, too.</summary>
    public bool WasReset => _tcp?.Read() is var (state, acknowledged, sent)
        ? state == TcpState.Closed && acknowledged <= sent
        : ClientConnection.WasReset(_context);

    /// <summary>Asked when the answer is over: the client went away before so many bytes of it had come to its side.</summary>
    public bool IsLost(long bytes)
    {
        var isAborted = _context.RequestAborted.IsCancellationRequested;
        if (_tcp?.Read() is not var (state, acknowledged, _))
            return isAborted || ClientConnection.WasReset(_context);
        return acknowledged - _before < bytes
            && (isAborted || state is TcpState.Closed or TcpState.CloseWait or TcpState.LastAcknowledgement);
    }

    public void Dispose() => _tcp?.Dispose();
}
