using Relay.Running;

namespace Relay.Operator.Pages;

/// <summary>Sends queued pages, each on its own schedule, for as long as their causes stand. Best effort: nothing waits for it.</summary>
internal sealed partial class Pager(PageStore pages, NtfyClient ntfy, Signals signals, Faults faults, TimeProvider clock, ILogger<Pager> log)
    : Loop(signals.Pages, faults, clock, log)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(10);
    private readonly ILogger _log = log;

    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(1);

    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var due = await pages.DueAsync(cancellationToken);
        foreach (var page in due)
            if (await pages.IsStillWantedAsync(page, cancellationToken))
                await SendAsync(page, cancellationToken);
        return due.Count;
    }

    private async Task SendAsync(QueuedPage page, CancellationToken cancellationToken)
    {
        switch (await ntfy.PublishAsync(page, cancellationToken))
        {
            case Push.Taken:
                CrashPoint.Pass("page-1-sent");
                await pages.SentAsync(page, CancellationToken.None); // It is out: that must be known even when we are stopping.
                CrashPoint.Pass("page-2-recorded");
                LogSent(page.Id, page.Cause, page.Attempts + 1);
                break;
            case Push.Failed failed:
                var delay = failed.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked : Backoff(page.Attempts);
                delay = delay < LongestRetry ? delay : LongestRetry;
                await pages.FailedAsync(page, failed.Reason, Clock.GetUtcNow() + delay, cancellationToken);
                LogFailed(page.Id, page.Cause, page.Attempts + 1, (long)delay.TotalSeconds, failed.Reason);
                break;
        }
        signals.Status.Set();
    }

    private static TimeSpan Backoff(int attempts) =>
        TimeSpan.FromSeconds(FirstRetry.TotalSeconds * Math.Pow(2, Math.Min(attempts, 12)) * (0.75 + Random.Shared.NextDouble() / 2));

    [LoggerMessage(LogLevel.Information, "Page {PageId} about {Cause} taken by the server on attempt {Attempt}")]
    private partial void LogSent(string pageId, string cause, int attempt);

    [LoggerMessage(LogLevel.Warning, "Page {PageId} about {Cause} failed on attempt {Attempt}, again in {Seconds} s: {Reason}")]
    private partial void LogFailed(string pageId, string cause, int attempt, long seconds, string reason);
}
