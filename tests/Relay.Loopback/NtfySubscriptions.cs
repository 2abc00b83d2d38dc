using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Relay.Loopback;

/// <summary>Sends to a subscriber: (1) "open", (2) the messages it missed, (3) new messages, with keepalives between them.</summary>
internal sealed class NtfySubscriptions(ArrivalLog<Page> pages, LoopbackNtfyOptions options)
{
    private readonly ReleaseGate _arrived = new();
    private readonly ReleaseGate _dropped = new();
    private int _bareEvents;

    public void Wake() => _arrived.Open();

    public void Drop() => _dropped.Open();

    public async Task StreamAsync(HttpContext context, string topics, CancellationToken cancellationToken)
    {
        var dropped = _dropped.WaitAsync(cancellationToken);
        var poll = context.Request.Query["poll"] == "1";
        var since = context.Request.Query["since"].ToString();
        var wanted = topics.Split(',');
        if (FindStart(since.Length > 0 ? since : poll ? "all" : "none") is not { } next)
        {
            context.Response.StatusCode = NtfyError.SinceInvalid.Status;
            await context.Response.WriteAsync(NtfyError.SinceInvalid.Body, cancellationToken);
            return;
        }

        context.Response.ContentType = "application/x-ndjson; charset=utf-8";
        if (!poll)
            await WriteAsync(context, Bare("open", topics), cancellationToken);                        // (1)
        while (!dropped.IsCompleted)
        {
            var arrived = _arrived.WaitAsync(cancellationToken); // Taken before the snapshot, so that no message is missed in between.
            var seen = pages.Snapshot();
            foreach (var page in seen.Skip(next).Where(page => wanted.Contains(page.Topic) && IsKept(page)))  // (2), (3)
                await WriteAsync(context, NtfyMessage.Write(page), cancellationToken);
            next = seen.Count;
            if (poll)
                return;
            await WaitAsync(context, topics, arrived, dropped, cancellationToken);
        }
        throw new ConnectionCutException();
    }

    private async Task WaitAsync(HttpContext context, string topics, Task arrived, Task dropped, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var keepalive = Task.Delay(options.Keepalive, options.Clock, over.Token);
        var first = await Task.WhenAny(arrived, dropped, keepalive);
        await over.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (first == keepalive)
            await WriteAsync(context, Bare("keepalive", topics), cancellationToken);
    }

    /// <summary>How many pages to skip. "since" is all, none, an id, a Unix time or a span such as 10m; anything else gives null.</summary>
    private int? FindStart(string since)
    {
        var seen = pages.Snapshot();
        if (since == "all")
            return 0;
        if (since == "none")
            return seen.Count;
        if (seen.FirstOrDefault(page => page.Id == since) is { } known && IsKept(known))
            return seen.TakeWhile(page => page.Id != since).Count() + 1;

        var from = IsId(since) ? null : ParseTime(since);
        if (from is null)
            return IsId(since) ? 0 : null; // For an id that the server does not have, everything is new.
        return seen.TakeWhile(page => page.ArrivedAt < from).Count();
    }

    private static bool IsId(string since) =>
        since.Length == 12 && since.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    /// <summary>The public server keeps messages for 12 h.</summary>
    private bool IsKept(Page page) => page.ArrivedAt.AddHours(12) > options.Clock.GetUtcNow();

    private DateTimeOffset? ParseTime(string since)
    {
        if (long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (since.Length == 0 || !double.TryParse(since[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var amount))
            return null;

        TimeSpan? span = since[^1] switch
        {
            's' => TimeSpan.FromSeconds(amount),
            'm' => TimeSpan.FromMinutes(amount),
            'h' => TimeSpan.FromHours(amount),
            _ => null,
        };
        return options.Clock.GetUtcNow() - span;
    }

    private string Bare(string @event, string topics) =>
        NtfyMessage.WriteBare(@event, topics, Interlocked.Increment(ref _bareEvents), options.Clock.GetUtcNow());

    private static async Task WriteAsync(HttpContext context, string line, CancellationToken cancellationToken)
    {
        await context.Response.WriteAsync(line + "\n", cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
