using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace Relay.Cli;

/// <summary>Stands for the operator's phone: receives what the relay sends to ntfy.
/// It listens on any free port, so that several demos can run at once.</summary>
internal sealed class DemoPhone : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Title, string Message)> _pages = new();
    private readonly WebApplication _host;

    private DemoPhone(WebApplication host) => _host = host;

    public string Url => _host.Urls.Single();

    public static async Task<DemoPhone> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var phone = new DemoPhone(builder.Build());
        phone._host.Run(phone.ReceiveAsync);
        await phone._host.StartAsync(cancellationToken);
        return phone;
    }

    public string? Received(string title) => _pages
        .Where(page => page.Title.Contains(title, StringComparison.Ordinal))
        .Select(page => $"shows \"{page.Title}\": {page.Message}")
        .FirstOrDefault();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await _host.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method)) // The relay listens for answers; this phone gives none.
        {
            await context.Response.WriteAsync("{\"event\":\"open\"}\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }
        using var page = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        _pages.Enqueue((page.RootElement.GetProperty("title").GetString()!, page.RootElement.GetProperty("message").GetString()!));
        var taken = JsonSerializer.Serialize(new
        {
            id = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N")[^12..],
            time = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            @event = "message",
            topic = page.RootElement.GetProperty("topic").GetString(),
        });
        await context.Response.WriteAsync(taken, context.RequestAborted);
    }
}
