using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Relay.Files.Platform;
using Relay.Http;

namespace Relay.Dispatch;

/// <summary>What one response hands over. Thread-safe: a tool call may end after its connection did.</summary>
internal sealed class Delivery(HttpContext context)
{
    private readonly Lock _lock = new();
    private readonly List<Handover.Lease> _leases = [];
    private SentWatch? _watch;
    private string? _receipt;
    private bool _over;

    public static Delivery Of(HttpContext context)
    {
        if (context.Items[typeof(Delivery)] is Delivery delivery)
            return delivery;
        context.Items[typeof(Delivery)] = delivery = new Delivery(context);
        return delivery;
    }

    /// <summary>Puts replies on the response; when it is over already, the client has closed its side, or its token was revoked, they are
    /// free again at once.</summary>
    /// <param name="lease">The replies.</param>
    /// <param name="to">Whose they are then, and what will show that its model has them; null for a client that shows nothing.</param>
    public void Carry(Handover.Lease lease, Handing? to)
    {
        lock (_lock)
        {
            if (!_over && !ClientConnection.IsClosed(context) && context.Features.Get<StillGood>()?.Ask() != false)
            {
                if (_watch is null)
                {
                    _watch = SentWatch.Begin(context);
                    _receipt = Receipts?.Expect(context.Request);
                }
                lease.HandTo(to);
                _leases.Add(lease);
                return;
            }
        }
        lease.Dispose();
    }

    /// <summary>The client went away before it had read all of the response.</summary>
    public bool WasReset => _watch?.WasReset == true;

    /// <summary>The response went out whole.</summary>
    public async Task SentAsync(CancellationToken cancellationToken)
    {
        if (_receipt is { } receipt)
        {
            var leases = Carried();
            lock (_lock)
                _leases.Clear();
            _receipt = null;
            _ = Receipts!.SettleAsync(receipt, leases); // It is whoever hands the response on that says whether it arrived.
            return;
        }
        foreach (var lease in Carried())
            await lease.SentAsync(cancellationToken);
    }

    /// <summary>The response is over, one way or the other.</summary>
    public void End()
    {
        lock (_lock)
            _over = true;
        foreach (var lease in Carried())
            lease.Dispose();
        if (_receipt is { } receipt)
            Receipts!.Forget(receipt);
        _watch?.Dispose();
    }

    private AwaitedReceipts? Receipts => context.RequestServices?.GetService<AwaitedReceipts>();

    public bool IsEmpty => Carried().Length == 0;

    private Handover.Lease[] Carried()
    {
        lock (_lock)
            return [.. _leases];
    }
}

/// <summary>Settles, when a response is through, what was handed over with it:
/// handed if it was sent whole, else free for the next opportunity.</summary>
internal sealed class DeliveryReceipt(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var delivery = Delivery.Of(context);
        try
        {
            await next(context);
            if (delivery.IsEmpty || context.RequestAborted.IsCancellationRequested)
                return;
            await context.Response.CompleteAsync();
            if (!delivery.WasReset)
                await delivery.SentAsync(CancellationToken.None); // It is out: that is recorded even when we are stopping.
        }
        finally
        {
            delivery.End();
        }
    }
}

/// <summary>What the connection itself knows of the client: RequestAborted tells of it only a moment later, and writing to a client that
/// went away does not fail.</summary>
internal static class ClientConnection
{
    private const int TcpProtocol = 6; // netinet/in.h: IPPROTO_TCP

    /// <summary>The option that tells of a connection, its state in the first byte, and two of the states. Linux, netinet/tcp.h: TCP_INFO.
    /// macOS, bsd/netinet/tcp.h and tcp_fsm.h in the source of xnu: TCP_CONNECTION_INFO; not yet run there.</summary>
    private static readonly (int Option, int Established, int Closed) Tcp = OperatingSystem.IsMacOS() ? (0x106, 4, 0) : (11, 1, 7);

    /// <summary>Asked before an answer is written: the client has closed its side, and will read none.</summary>
    public static bool IsClosed(HttpContext context) =>
        context.RequestAborted.IsCancellationRequested || HasHungUp(context)
        || (State(context) is { } state && state != Tcp.Established);

    /// <summary>Asked after an answer was written: a client that went away before it had read everything was answered with a reset,
    /// one that closed in an orderly way afterwards was not.</summary>
    public static bool WasReset(HttpContext context) =>
        State(context) is { } state ? state == Tcp.Closed : context.RequestAborted.IsCancellationRequested || HasHungUp(context);

    /// <summary>A Unix socket does not tell whether who went away had read everything. Our own clients stay until we close, and of others
    /// one that is gone counts as one that did not read: better twice than never.</summary>
    private static bool HasHungUp(HttpContext context)
    {
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is not { AddressFamily: AddressFamily.Unix } socket)
            return false;
        try
        {
            return Peer.HasHungUp(socket);
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    /// <summary>Null where there is no TCP socket to ask.</summary>
    private static int? State(HttpContext context)
    {
        if (context.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket || socket.AddressFamily == AddressFamily.Unix)
            return null;
        try
        {
            var state = new byte[1];
            socket.GetRawSocketOption(TcpProtocol, Tcp.Option, state);
            return state[0];
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return Tcp.Closed;
        }
    }
}
