using System.Globalization;
using Relay.Http;
using Relay.Running;

namespace Relay.Web.Watching;

/// <summary>GET /watch: what relay watch shows. With the version that the caller has seen, the request is held until there is more to see,
/// or for as long as it wants to wait: the time passes, too.</summary>
internal sealed class WatchRequests(WatchReader reader, ChangeFeed changes, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public async Task SendAsync(HttpContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(Topic.Any);
        var wait = TimeSpan.FromSeconds(Math.Clamp(Number(context, "wait") ?? 0, 0, (long)Longest.TotalSeconds));
        if (Number(context, "since") == changes.Version && wait > TimeSpan.Zero)
        {
            await changed.WaitAsync(wait, clock, ended.Token);
            await Task.Delay(Pause, clock, ended.Token) // What changes together is told together.
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "the relay is stopping");
            return;
        }
        var version = changes.Version; // Before the reading: what changes meanwhile is seen by the next one.
        await Json.WriteAsync(context, 200, await reader.ReadAsync(version, Number(context, "question"), context.RequestAborted));
    }

    private static long? Number(HttpContext context, string name) =>
        long.TryParse(context.Request.Query[name], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}

internal static class WatchRoutes
{
    public static IServiceCollection AddWatching(this IServiceCollection services) => services
        .AddSingleton<RecentEntries>()
        .AddSingleton<WatchReader>()
        .AddSingleton<WatchRequests>();

    public static void MapWatching(this WebApplication host) =>
        host.MapGet("/watch", (HttpContext context) => context.RequestServices.GetRequiredService<WatchRequests>().SendAsync(context))
            .For(Access.Operator);
}
