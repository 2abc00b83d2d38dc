using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Relay.Dispatch;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Dispatch;

public sealed class DeliveryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_is_not_put_on_a_response_whose_client_has_closed_its_side()
    {
        await using var relay = await TempRelay.CreateAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Token);
        using var server = await listener.AcceptSocketAsync(Token);
        var context = new DefaultHttpContext();
        context.Features.Set<IConnectionSocketFeature>(new Connection(server));
        var (before, after) = (new Delivery(context), new Delivery(context));

        before.Carry(new Handover.Lease(relay.Get<Handover>(), []));
        client.Dispose();
        Assert.Equal(0, await server.ReceiveAsync(new byte[1], Token)); // The end has arrived.
        after.Carry(new Handover.Lease(relay.Get<Handover>(), []));

        Assert.False(before.IsEmpty);
        Assert.True(after.IsEmpty);
    }

    private sealed record Connection(Socket Socket) : IConnectionSocketFeature;
}
