using System.Globalization;
using Relay.Http;
using Relay.Running;

namespace Relay.Web.Dashboard;

/// <summary>Tells open pages that something may have changed, by server-sent events. What it is they read anew; a lost hint costs no more
/// than the time to the next.</summary>
internal sealed class LiveChanges(ChangeFeed changes, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private const int MostOpen = 32;
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15), Pause = TimeSpan.FromMilliseconds(150);

    private int _open;

    public async Task SendAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _open) > MostOpen)
        {
            Interlocked.Decrement(ref _open);
            await Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, $"{MostOpen} pages are open already", Beat);
            return;
        }
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await SendAsync(context, ended.Token);
        }
        catch (OperationCanceledException)
        {
            // The page was closed, or the relay stops: there is nothing more to say.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task SendAsync(HttpContext context, CancellationToken cancellationToken)
    {
        PageHeaders.Set(context.Response);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        using var changed = changes.Subscribe(Topic.Any);
        for (long told = -1; !cancellationToken.IsCancellationRequested && context.Features.Get<StillGood>()?.Ask() != false;)
        {
            var version = changes.Version;
            var line = version == told
                ? ": still here\n\n"
                : string.Create(CultureInfo.InvariantCulture, $"event: changed\ndata: {version}\n\n");
            await context.Response.WriteAsync(line, cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
            told = version;
            await changed.WaitAsync(Beat, clock, cancellationToken);
            await Task.Delay(Pause, clock, cancellationToken); // What changes together is told together.
        }
    }
}
