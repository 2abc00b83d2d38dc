using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Relay.Dispatch;
using Relay.Files;
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

        before.Carry(new Handover.Lease(relay.Get<Handover>(), []), to: null);
        client.Dispose();
        Assert.Equal(0, await server.ReceiveAsync(new byte[1], Token)); // The end has arrived.
        after.Carry(new Handover.Lease(relay.Get<Handover>(), []), to: null);

        Assert.False(before.IsEmpty);
        Assert.True(after.IsEmpty);
    }

    [Fact]
    public async Task Over_a_Unix_socket_an_answer_counts_as_taken_only_while_its_reader_is_there()
    {
        await using var relay = await TempRelay.CreateAsync();
        using var local = new LocalSocket(relay.Home.State);
        using var listener = local.Bind();
        listener.Listen();
        using var client = LocalSocket.Connect(local.Path!, TimeSpan.FromSeconds(20));
        using var server = await listener.AcceptAsync(Token);
        var context = new DefaultHttpContext();
        context.Features.Set<IConnectionSocketFeature>(new Connection(server));
        var (before, after) = (new Delivery(context), new Delivery(context));

        before.Carry(new Handover.Lease(relay.Get<Handover>(), []), to: null);
        Assert.False(ClientConnection.WasReset(context));
        client.Dispose();
        after.Carry(new Handover.Lease(relay.Get<Handover>(), []), to: null);

        Assert.False(before.IsEmpty);
        Assert.True(after.IsEmpty);
        Assert.True(ClientConnection.WasReset(context));
    }

    private sealed record Connection(Socket Socket) : IConnectionSocketFeature;
}
