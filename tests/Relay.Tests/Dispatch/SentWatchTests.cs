using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Relay.Dispatch;
using Xunit;

namespace Relay.Tests.Dispatch;

/// <summary>A client that closes as soon as it has read an answer has got it, even where the server has forgotten the connection before
/// anybody asks.</summary>
public sealed class SentWatchTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task What_was_read_whole_before_the_client_closed_is_given()
    {
        var (client, server, context) = await ConnectAsync();
        using var watch = SentWatch.Begin(context);

        await server.SendAsync(new byte[1_000], Token);
        await client.GetStream().ReadExactlyAsync(new byte[1_000], Token);
        client.Dispose();
        await CloseAsync(server, context);

        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells");
        Assert.False(watch.IsLost(1_000));
        Assert.False(watch.WasReset);
    }

    [Fact]
    public async Task What_was_written_after_the_client_had_gone_is_lost()
    {
        var (client, server, context) = await ConnectAsync();
        using var watch = SentWatch.Begin(context);

        client.Dispose();
        Assert.Equal(0, await server.ReceiveAsync(new byte[1], Token));
        await server.SendAsync(new byte[1_000], Token);
        await CloseAsync(server, context);

        Assert.True(watch.IsLost(1_000));
    }

    [Fact]
    public async Task What_was_not_written_at_all_is_lost()
    {
        var (client, server, context) = await ConnectAsync();
        using var watch = SentWatch.Begin(context);

        client.Dispose();
        Assert.Equal(0, await server.ReceiveAsync(new byte[1], Token));
        await CloseAsync(server, context);

        Assert.True(watch.IsLost(100));
    }

    [Fact]
    public async Task A_client_that_reads_still_has_lost_nothing()
    {
        var (client, server, context) = await ConnectAsync();
        using var watch = SentWatch.Begin(context);

        await server.SendAsync(new byte[10], Token);

        Assert.False(watch.IsLost(10));
        Assert.False(watch.WasReset);
        client.Dispose();
        server.Dispose();
    }

    /// <summary>As the server does once the client has closed its side.</summary>
    private static async Task CloseAsync(Socket server, DefaultHttpContext context)
    {
        try
        {
            await server.ReceiveAsync(new byte[1], Token);
            server.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // It was reset.
        }
        server.Dispose();
        context.RequestAborted = new CancellationToken(canceled: true);
    }

    private async Task<(TcpClient Client, Socket Server, DefaultHttpContext Context)> ConnectAsync()
    {
        _listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, Token);
        var server = await _listener.AcceptSocketAsync(Token);
        var context = new DefaultHttpContext();
        context.Features.Set<IConnectionSocketFeature>(new Connection(server));
        return (client, server, context);
    }

    private sealed record Connection(Socket Socket) : IConnectionSocketFeature;
}
