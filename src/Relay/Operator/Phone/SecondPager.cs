using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Sends what is queued for the second ways, each at its own time. Nothing waits for it.</summary>
internal sealed partial class SecondPager(
    Database database, SecondWays ways, PageDressing dress, SettingsSource settings, ILogger<SecondPager> log) : ILoop
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30), Shortest = TimeSpan.FromMilliseconds(50);
    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(5), PageStore.LongestDelay);

    public string Name => "sending pages by second ways";

    public Topic? WakesOn => Topic.Pages;

    public TimeSpan Poll { get; private set; } = Longest;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var due = await database.ReadAsync(reading => PageStore.DueSecondAsync(reading, cancellationToken), cancellationToken);
        foreach (var page in due)
            await SendAsync(page, cancellationToken);
        var next = await database.ReadAsync(reading => PageStore.NextSecondAsync(reading, cancellationToken), cancellationToken);
        var left = next is { } at ? at - database.Clock.GetUtcNow() : Longest;
        Poll = left < Shortest ? Shortest : left < Longest ? left : Longest;
        return due.Count;
    }

    private async Task SendAsync(SecondPage page, CancellationToken cancellationToken)
    {
        var way = settings.Current.Config.Phone.SecondWays.FirstOrDefault(each => each.Name == page.Way);
        if (way is null || (page.Page.IsReceipt && !page.WasSent)) // It is settled, and nobody was told there.
        {
            var why = way is null ? "the configuration does not have it any more" : null;
            await database.WriteAsync(
                writing => PageStore.SecondDroppedAsync(writing, page, why, cancellationToken), cancellationToken);
            return;
        }
        if (await ways.SendAsync(way, await dress(page.Page, cancellationToken), cancellationToken) is { } reason)
        {
            var dueAt = database.Clock.GetUtcNow() + Retry.Delay(page.Attempts + 1);
            await database.WriteAsync(
                writing => PageStore.SecondFailedAsync(writing, page, (reason, dueAt), cancellationToken), cancellationToken);
            LogFailed(page.Page.Id, page.Way, reason);
            return;
        }
        // It was sent: until that is known it would be sent again.
        await database.RecordAsync(writing => PageStore.SecondSentAsync(writing, page, CancellationToken.None), cancellationToken);
        LogSent(page.Page.Id, page.Way);
    }

    [LoggerMessage(LogLevel.Information, "Page {PageId} went by {Way}")]
    private partial void LogSent(string pageId, string way);

    [LoggerMessage(LogLevel.Warning, "Page {PageId} did not go by {Way}: {Reason}")]
    private partial void LogFailed(string pageId, string way, string reason);
}
