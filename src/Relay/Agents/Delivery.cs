using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Relay.Agents;

/// <summary>What one response hands over. Thread-safe: a tool call may end after its connection did.</summary>
internal sealed class Delivery
{
    private readonly Lock _lock = new();
    private readonly List<Handover.Lease> _leases = [];
    private bool _over;

    public static Delivery Of(HttpContext context)
    {
        if (context.Items[typeof(Delivery)] is Delivery delivery)
            return delivery;
        context.Items[typeof(Delivery)] = delivery = new Delivery();
        return delivery;
    }

    /// <summary>Puts replies on the response; when it is over already they are free again at once.</summary>
    public void Carry(Handover.Lease lease)
    {
        lock (_lock)
        {
            if (!_over)
            {
                _leases.Add(lease);
                return;
            }
        }
        lease.Dispose();
    }

    /// <summary>The response went out whole.</summary>
    public async Task ConsumedAsync(CancellationToken cancellationToken)
    {
        foreach (var lease in Carried())
            await lease.ConsumedAsync(cancellationToken);
    }

    /// <summary>The response is over, one way or the other.</summary>
    public void End()
    {
        lock (_lock)
            _over = true;
        foreach (var lease in Carried())
            lease.Dispose();
    }

    public bool IsEmpty => Carried().Length == 0;

    private Handover.Lease[] Carried()
    {
        lock (_lock)
            return [.. _leases];
    }
}

/// <summary>Settles, when a response is through, what was handed over with it: consumed if it was sent whole, else free for the next opportunity.</summary>
internal sealed class DeliveryReceipt(RequestDelegate next)
{
    private const int TcpProtocol = 6, TcpInfo = 11, TcpClosed = 7; // Of Linux; the state is the first byte of the info.

    public async Task InvokeAsync(HttpContext context)
    {
        var delivery = Delivery.Of(context);
        try
        {
            await next(context);
            if (delivery.IsEmpty || context.RequestAborted.IsCancellationRequested)
                return;
            await context.Response.CompleteAsync();
            if (!WasCut(context))
                await delivery.ConsumedAsync(CancellationToken.None); // It is out: that is recorded even when we are stopping.
        }
        finally
        {
            delivery.End();
        }
    }

    /// <summary>Writing to a client that went away in mid-response does not fail, and RequestAborted tells of it only a moment later; it also tells of
    /// a client that closed after it had read everything. The connection itself knows the two apart: the one was reset, the other was not.</summary>
    private static bool WasCut(HttpContext context)
    {
        if (!OperatingSystem.IsLinux() || context.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket)
            return context.RequestAborted.IsCancellationRequested;
        try
        {
            var state = new byte[1];
            socket.GetRawSocketOption(TcpProtocol, TcpInfo, state);
            return state[0] == TcpClosed;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
