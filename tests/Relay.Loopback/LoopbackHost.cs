using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Relay.Loopback;

/// <summary>A bare Kestrel on 127.0.0.1: HTTP/1.1, no logging, no routing, no signal handlers.
/// Stopping cancels every handler at once, so a stalled stream never holds a test back.</summary>
internal sealed class LoopbackHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly WebApplication _app;
    private bool _disposed;

    private LoopbackHost(WebApplication app) => _app = app;

    public Uri Address { get; private set; } = new("http://127.0.0.1/");

    /// <summary>The handler's token is cancelled when the client leaves or the host stops.</summary>
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

    /// <summary>May be called twice: a test that takes its server down disposes of it again at its end.</summary>
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
            context.Abort(); // Nobody is left to answer, or the server goes down as a real one would: in mid-sentence.
        }
    }

    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>Thrown to Kestrel once an answer has begun: it sends what was written, then closes without ending the body.
/// An abort would reset the connection, and the client might lose what it had not read yet.</summary>
internal sealed class ConnectionCutException() : Exception("The script cuts the connection here.");
