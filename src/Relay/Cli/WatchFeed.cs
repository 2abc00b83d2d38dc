using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Relay.Http;
using Relay.Web.Watching;

namespace Relay.Cli;

/// <summary>What happens in relay watch, one thing after the other.</summary>
internal abstract record WatchEvent
{
    private WatchEvent() { }

    public sealed record Seen(WatchView View) : WatchEvent;

    /// <summary>The relay does not answer.</summary>
    public sealed record Down(string Reason) : WatchEvent;

    public sealed record Pressed(IReadOnlyList<Key> Keys) : WatchEvent;

    public sealed record Sent(WatchSend What, WatchNotice Notice) : WatchEvent;

    /// <summary>The terminal has another size, or what it shows is not ours any more.</summary>
    public sealed record Resized : WatchEvent;

    public sealed record Ended : WatchEvent;
}

/// <summary>Asks the relay for what there is to see: each request is held there until that changes. While the relay is away it is asked
/// again and again.</summary>
internal sealed class WatchFeed(DaemonClient daemon, ChannelWriter<WatchEvent> events)
{
    private static readonly TimeSpan Held = TimeSpan.FromSeconds(20), Grace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private CancellationTokenSource? _asking;
    private long _question;

    /// <summary>From now on this question is wanted in full.</summary>
    public void Want(long question)
    {
        lock (_lock)
        {
            if (question == _question)
                return;
            _question = question;
            _asking?.Cancel();
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var (seen, of) = (-1L, -1L);
        while (!cancellationToken.IsCancellationRequested)
        {
            using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var question = Begin(asking);
            try
            {
                seen = await AskAsync(question == of ? seen : -1, question, asking.Token) ?? -1;
                of = question;
                if (seen < 0)
                    await Task.Delay(Pause, TimeProvider.System, asking.Token);
            }
            catch (OperationCanceledException)
            {
                of = -1; // Another question is wanted, or nothing more.
            }
            finally
            {
                lock (_lock)
                    _asking = null;
            }
        }
    }

    private long Begin(CancellationTokenSource asking)
    {
        lock (_lock)
        {
            _asking = asking;
            return _question;
        }
    }

    /// <summary>The version that was seen; null where nothing was.</summary>
    private async Task<long?> AskAsync(long since, long question, CancellationToken cancellationToken)
    {
        var path = string.Create(
            CultureInfo.InvariantCulture, $"/watch?since={since}&wait={(int)Held.TotalSeconds}&question={question}");
        var response = await daemon.GetAsync(path, Held + Grace, cancellationToken);
        switch (response)
        {
            case DaemonClient.Response.Received { IsOk: true } received when Read(received.Body) is { } view:
                events.TryWrite(new WatchEvent.Seen(view));
                return view.Version;
            case DaemonClient.Response.Received { IsOk: true }:
                events.TryWrite(new WatchEvent.Down("the daemon has another version than this program"));
                return null;
            case DaemonClient.Response.Received refused:
                events.TryWrite(new WatchEvent.Down(refused.Detail));
                return null;
            case DaemonClient.Response.Unanswered unanswered:
                events.TryWrite(new WatchEvent.Down(unanswered.Reason));
                return null;
            default:
                events.TryWrite(new WatchEvent.Down("it is not running; relay run starts it"));
                return null;
        }
    }

    private static WatchView? Read(JsonElement body)
    {
        try
        {
            return body.Deserialize<WatchView>(Json.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
