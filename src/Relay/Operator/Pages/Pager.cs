using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>Sends the queued pages while their causes last. Each page has its own time for the next attempt.
/// Nothing waits for a page.</summary>
internal sealed partial class Pager(Database database, NtfyClient ntfy, TimeProvider clock, ILogger<Pager> log) : ILoop
{
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait, even if the server asks for a longer one: a phone that can be reached again
    /// must get the page soon.</summary>
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(10);

    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(2), LongestRetry);

    public Topic? WakesOn => Topic.Pages;

    public TimeSpan Poll { get; private set; } = LongestPoll;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var due = await database.ReadAsync(reading => PageStore.DueAsync(reading, cancellationToken), cancellationToken);
        foreach (var page in due)
            if (await database.ReadAsync(reading => PageStore.IsStillWantedAsync(reading, page, cancellationToken), cancellationToken))
                await SendAsync(page, cancellationToken);
        var next = await database.ReadAsync(reading => PageStore.NextDueAsync(reading, cancellationToken), cancellationToken);
        Poll = next is { } at ? Min(Max(at - clock.GetUtcNow(), TimeSpan.FromMilliseconds(50)), LongestPoll) : LongestPoll;
        return due.Count;
    }

    private async Task SendAsync(QueuedPage page, CancellationToken cancellationToken)
    {
        var attempt = page.Attempts + 1;
        switch (await ntfy.PublishAsync(page, cancellationToken))
        {
            case Push.Taken:
                CrashPoint.Pass("page-1-sent");
                // The page was sent: until that is known it would be sent again, and again.
                await database.RecordAsync(writing => PageStore.SentAsync(writing, page, CancellationToken.None), cancellationToken);
                CrashPoint.Pass("page-2-recorded");
                LogSent(page.Id, page.Cause, attempt);
                break;
            case Push.Failed failed:
                var delay = Min(failed.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked : Retry.Delay(attempt), LongestRetry);
                var dueAt = clock.GetUtcNow() + delay;
                await database.WriteAsync(
                    writing => PageStore.FailedAsync(writing, page, failed.Reason, dueAt, cancellationToken), cancellationToken);
                LogFailed(page.Id, page.Cause, attempt, (long)delay.TotalSeconds, failed.Reason);
                break;
        }
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;

    [LoggerMessage(LogLevel.Information, "Page {PageId} about {Cause} taken by the server on attempt {Attempt}")]
    private partial void LogSent(string pageId, PageCause cause, int attempt);

    [LoggerMessage(LogLevel.Warning, "Page {PageId} about {Cause} failed on attempt {Attempt}, again in {Seconds} s: {Reason}")]
    private partial void LogFailed(string pageId, PageCause cause, int attempt, long seconds, string reason);
}
