using Relay.Configuration;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Pages;

/// <summary>Sends the queued pages while their causes last. Each page has its own time for the next attempt.
/// Nothing waits for a page.</summary>
internal sealed partial class Pager(
    Database database, NtfyClient ntfy, PageDressing dress, SettingsSource settings, ILogger<Pager> log) : ILoop
{
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait, even if the server asks for a longer one: a phone that can be reached again
    /// must get the page soon.</summary>
    private static readonly Backoff Retry = new(TimeSpan.FromSeconds(2), PageStore.LongestDelay);

    private const int MostAtOnce = 20;

    /// <summary>The server has been away for some two minutes then.</summary>
    private const int ManyAttempts = 5;

    /// <summary>The priority of what holds work up.</summary>
    private const int Urgent = 4;

    private readonly TimeProvider _clock = database.Clock;
    private readonly HeldTogether _held = new(database.Clock);
    private readonly Bursts _bursts = new(database);
    private (Uri Server, string Topic, string? Token)? _way;

    public PerhapsSent Perhaps { get; } = new(database.Clock);

    public string Name => "sending pages";

    public Topic? WakesOn => Topic.Pages;

    public TimeSpan Poll { get; private set; } = LongestPoll;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        await HurryAsync(cancellationToken);
        var due = await DueAsync(cancellationToken);
        if (await _bursts.GatherAsync(due, cancellationToken))
            due = await DueAsync(cancellationToken);
        foreach (var page in due)
            if (await database.ReadAsync(
                reading => PageStore.StillWantedAsync(reading, page, cancellationToken), cancellationToken) is { } wanted)
                await SendAsync([wanted], cancellationToken);
        var ofMessages = _held.Take(await database.ReadAsync(
            reading => PageStore.DueAsync(reading, ofMessages: true, HeldTogether.Most, cancellationToken), cancellationToken));
        if (ofMessages.Count > 0)
            await SendAsync(ofMessages, cancellationToken);
        Poll = await NextAsync(cancellationToken);
        return due.Count + ofMessages.Count;
    }

    private Task<List<QueuedPage>> DueAsync(CancellationToken cancellationToken) => database.ReadAsync(
        reading => PageStore.DueAsync(reading, ofMessages: false, MostAtOnce, cancellationToken), cancellationToken);

    private async Task<TimeSpan> NextAsync(CancellationToken cancellationToken)
    {
        var (page, ofMessage) = await database.ReadAsync(
            async reading => (
                await PageStore.NextDueAsync(reading, ofMessages: false, cancellationToken),
                await PageStore.NextDueAsync(reading, ofMessages: true, cancellationToken)),
            cancellationToken);
        return Min(Until(page), Max(Until(ofMessage), _held.Left));

        TimeSpan Until(DateTimeOffset? at) =>
            at is { } due ? Min(Max(due - _clock.GetUtcNow(), TimeSpan.FromMilliseconds(50)), LongestPoll) : LongestPoll;
    }

    /// <summary>At the start, and when the settings for ntfy change: what was given up, or put off, may go through now.</summary>
    private async Task HurryAsync(CancellationToken cancellationToken)
    {
        var secrets = settings.Current.Secrets;
        var way = (secrets.NtfyServer, secrets.NtfyTopic, secrets.NtfyToken);
        if (_way == way)
            return;
        await database.WriteAsync(writing => PageStore.HurryAsync(writing, cancellationToken), cancellationToken);
        _way = way;
    }

    private async Task SendAsync(IReadOnlyList<QueuedPage> together, CancellationToken cancellationToken)
    {
        var page = HeldTogether.AsOne(together);
        var attempt = page.Attempts + 1;
        switch (await ntfy.PublishAsync(await dress(page, cancellationToken), cancellationToken))
        {
            case Push.Taken taken:
                if (page.Cause.Kind == PageKind.Message)
                    _held.Sent();
                CrashPoint.Pass("page-1-sent");
                // The page was sent: until that is known it would be sent again, and again.
                await database.RecordAsync(
                    writing => EachAsync(together, each => PageStore.SentAsync(writing, each, taken, CancellationToken.None)),
                    cancellationToken);
                CrashPoint.Pass("page-2-recorded");
                LogSent(page.Id, page.Cause, attempt);
                if (taken.Refusal is { } refusal)
                    LogTitleAlone(page.Id, page.Cause, refusal);
                break;
            case Push.Refused refused:
                await database.WriteAsync(
                    writing => EachAsync(
                        together, each => RefusedAsync(writing, each, refused.Reason, cancellationToken)), cancellationToken);
                LogRefused(page.Id, page.Cause, refused.Reason, refused.Fix);
                break;
            case Push.Failed failed:
                if (failed.IsUnanswered)
                    Perhaps.Unanswered(page.Id);
                var wanted = failed.RetryAfter is { } asked && asked > TimeSpan.Zero ? asked : Retry.Delay(attempt);
                var delay = Min(wanted, PageStore.LongestDelay);
                var dueAt = _clock.GetUtcNow() + delay;
                await database.WriteAsync(
                    writing => EachAsync(together, each => FailedAsync(writing, (each, dueAt), failed, cancellationToken)),
                    cancellationToken);
                LogFailed(page.Id, page.Cause, attempt, (long)delay.TotalSeconds, failed.Reason);
                break;
        }
    }

    private async Task RefusedAsync(Writing writing, QueuedPage page, string reason, CancellationToken cancellationToken)
    {
        await PageStore.RefusedAsync(writing, page, reason, cancellationToken);
        await SecondAsync(writing, page, cancellationToken);
    }

    private async Task FailedAsync(
        Writing writing, (QueuedPage Page, DateTimeOffset DueAt) again, Push.Failed failed, CancellationToken cancellationToken)
    {
        await PageStore.FailedAsync(writing, again.Page, failed.Reason, again.DueAt, cancellationToken);
        if (failed.IsQuota || again.Page.Attempts >= ManyAttempts)
            await SecondAsync(writing, again.Page, cancellationToken);
    }

    /// <summary>What is urgent goes by the second ways.</summary>
    private async Task SecondAsync(Writing writing, QueuedPage page, CancellationToken cancellationToken)
    {
        if (page.Priority >= Urgent)
            await PageStore.QueueSecondAsync(
                writing, page.Id, settings.Current.Config.Phone.SecondWays.Select(way => way.Name), again: false, cancellationToken);
    }

    private static async Task EachAsync(IReadOnlyList<QueuedPage> pages, Func<QueuedPage, Task> record)
    {
        foreach (var page in pages)
            await record(page);
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;

    [LoggerMessage(LogLevel.Information, "Page {PageId} about {Cause} taken by the server on attempt {Attempt}")]
    private partial void LogSent(string pageId, PageCause cause, int attempt);

    [LoggerMessage(LogLevel.Warning, "Page {PageId} about {Cause} went out as its title alone, its text was refused: {Reason}")]
    private partial void LogTitleAlone(string pageId, PageCause cause, string reason);

    [LoggerMessage(LogLevel.Error, "Page {PageId} about {Cause} is refused and stays unsent: {Reason}; {Fix}")]
    private partial void LogRefused(string pageId, PageCause cause, string reason, string fix);

    [LoggerMessage(LogLevel.Warning, "Page {PageId} about {Cause} failed on attempt {Attempt}, again in {Seconds} s: {Reason}")]
    private partial void LogFailed(string pageId, PageCause cause, int attempt, long seconds, string reason);
}
