using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Relay.Loopback;

/// <summary>A bare Kestrel on 127.0.0.1: HTTP/1.1, no logging, no routing, no signal handlers.
/// Stopping cancels every handler at once, so a test never waits for a stalled stream.</summary>
internal sealed class LoopbackHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly WebApplication _app;
    private bool _disposed;

    private LoopbackHost(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = new("http://127.0.0.1/");

    /// <summary>The handler's token is cancelled when the client disconnects or the host stops.</summary>
    public static async Task<LoopbackHost> StartAsync(int port, Func<HttpContext, CancellationToken, Task> handle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));

        var host = new LoopbackHost(builder.Build());
        host._app.Run(context => host.HandleAsync(context, handle));
        await host._app.StartAsync();
        host.Address = new Uri(host._app.Urls.Single());
        return host;
    }

    /// <summary>May be called twice: a test that stops its server disposes of it again at its end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;

        await _stopping.CancelAsync();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task HandleAsync(HttpContext context, Func<HttpContext, CancellationToken, Task> handle)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
        try
        {
            await handle(context, gone.Token);
        }
        catch (Exception exception) when (gone.IsCancellationRequested && exception is OperationCanceledException or IOException)
        {
            context.Abort(); // The client has gone, or the server stops in the middle of an answer, as a real one would.
        }
    }

    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>Thrown to Kestrel after an answer has begun. Kestrel then sends what was written and closes the connection
/// without ending the body. Abort would reset the connection, and the client could lose what it has not read yet.</summary>
internal sealed class ConnectionCutException() : Exception("The script cuts the connection here.");
