using System.Data.Common;
using System.Globalization;
using Relay.Configuration;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Web.Status;

/// <summary>Pages what has been broken for stuck_after, once until it is mended; what is urgent, at once. Where the page cannot be queued,
/// for the database is what is broken, it goes straight to the server.</summary>
internal sealed partial class HealthWatch(
    Database database, SettingsSource settings, Faults faults, NtfyClient ntfy, ILogger<HealthWatch> log) : ILoop
{
    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromSeconds(30);

    /// <summary>What breaks again and again is not urgent each time.</summary>
    private static readonly TimeSpan BetweenUrgentPages = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _clock = database.Clock;
    private readonly Dictionary<string, long> _since = [];

    /// <summary>What was paged, by the part that is broken: the page of which it is part. Parts that break together share a page.</summary>
    private readonly Dictionary<string, string> _paged = [];

    /// <summary>When the urgent ones were paged last: time stamps of the clock.</summary>
    private readonly Dictionary<string, long> _urgentAt = [];

    /// <summary>What was broken since this relay started.</summary>
    private readonly HashSet<string> _seen = [];

    private long? _startedAt;
    private long? _failedAt;

    public string Name => "watching the health";

    public Topic? WakesOn => Topic.Faults;

    public TimeSpan Poll => TimeSpan.FromSeconds(_since.Count == 0 && _paged.Count == 0 ? 30 : 2);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var standing = faults.All;
        foreach (var (source, _) in standing)
            if (_since.TryAdd(source, _clock.GetTimestamp()))
                _seen.Add(source);
        foreach (var gone in _since.Keys.Except(standing.Select(fault => fault.Source)).ToList())
            _since.Remove(gone);
        await ClearMendedAsync(cancellationToken);
        Join(standing);
        var overdue = standing
            .Where(fault => fault.Source != StateWatch.Source) // That pages.
            .Where(fault => IsOverdue(fault) && !_paged.ContainsKey(fault.Source))
            .ToList();
        if (overdue.Count == 0 || _failedAt is { } at && _clock.GetElapsedTime(at) < BetweenAttempts)
            return 0;
        if (await PageAsync(Page(overdue), cancellationToken))
            foreach (var fault in overdue)
            {
                _paged[fault.Source] = overdue[0].Source;
                _urgentAt[CauseOf(fault)] = _clock.GetTimestamp();
            }
        return 0;
    }

    /// <summary>What a page has told of already, though another part has met it.</summary>
    private void Join(IReadOnlyList<(string Source, string Message)> standing)
    {
        foreach (var (source, message) in standing.Where(fault => !_paged.ContainsKey(fault.Source)))
            if (standing.FirstOrDefault(fault => _paged.ContainsKey(fault.Source) && Faults.IsSame(fault.Message, message))
                is { Source: { } told })
                _paged[source] = _paged[told];
    }

    private bool IsOverdue((string Source, string Message) fault) => IsUrgent(fault) || IsLongAgo(_since[fault.Source]);

    private bool IsUrgent((string Source, string Message) fault) =>
        Faults.IsUrgent(fault.Source, fault.Message)
        && (fault.Source == Faults.Configuration || !_urgentAt.TryGetValue(CauseOf(fault), out var at)
            || _clock.GetElapsedTime(at) >= BetweenUrgentPages);

    private static string CauseOf((string Source, string Message) fault) =>
        FullDisk.Is(fault.Message) ? FullDisk.Words : fault.Source;

    private bool IsLongAgo(long timestamp) => _clock.GetElapsedTime(timestamp) >= settings.Current.Config.StuckAfter;

    private static NewPage Page(List<(string Source, string Message)> overdue)
    {
        var told = overdue.DistinctBy(CauseOf).ToList();
        var title = told.Count == 1
            ? $"Relay error: {CauseOf(told[0])}"
            : string.Create(CultureInfo.InvariantCulture, $"Relay error: {told.Count} parts do not work");
        var text = string.Join('\n', told.Select(fault => $"{fault.Source}: {fault.Message}"))
            + "\n\nrelay status and relay doctor tell more. It goes on by itself once that is mended.";
        return new NewPage(PageCause.Broken(overdue[0].Source), title, text, Priority: 4, "rotating_light");
    }

    private async Task<bool> PageAsync(NewPage page, CancellationToken cancellationToken)
    {
        if (database.Trouble is not null) // Queued, it could be sent and not be recorded as sent.
            return await SendAsync(page, cancellationToken);
        try
        {
            await database.WriteAsync(writing => PageStore.QueueAsync(writing, page, cancellationToken), cancellationToken);
            return true;
        }
        catch (DbException)
        {
            return await SendAsync(page, cancellationToken);
        }
    }

    private async Task<bool> SendAsync(NewPage page, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(_clock.GetUtcNow()).ToString("N");
        var direct = new QueuedPage(id, page.Cause, page.Title, page.Body, page.Priority, page.Tags, Attempts: 0);
        var reason = await ntfy.PublishAsync(direct, cancellationToken) switch
        {
            Push.Failed failed => failed.Reason,
            Push.Refused refused => refused.Reason,
            _ => null,
        };
        _failedAt = reason is null ? null : _clock.GetTimestamp();
        if (reason is null)
            LogSent(page.Cause);
        else
            LogUnsent(page.Cause, reason);
        return reason is null;
    }

    /// <summary>A page that the relay before this one sent stands until it is sure that its cause is gone.</summary>
    private async Task ClearMendedAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_startedAt is null)
            {
                foreach (var source in await database.ReadAsync(
                    reading => PageStore.StandingSubjectsAsync(reading, PageKind.Stuck, cancellationToken), cancellationToken))
                    _paged.TryAdd(source, source);
                _startedAt = _clock.GetTimestamp();
            }
            foreach (var group in _paged.GroupBy(paged => paged.Value, paged => paged.Key).ToList())
                if (!group.Any(_since.ContainsKey) && (group.All(_seen.Contains) || IsLongAgo(_startedAt.Value)))
                    await ClearAsync(group, cancellationToken);
        }
        catch (DbException)
        {
            // It is what is broken, or soon will be said to be: this is done when it is back.
        }
    }

    private async Task ClearAsync(IGrouping<string, string> group, CancellationToken cancellationToken)
    {
        await database.WriteAsync(
            writing => PageStore.ClearAsync(writing, PageCause.Broken(group.Key), cancellationToken), cancellationToken);
        foreach (var source in group)
            _paged.Remove(source);
    }

    [LoggerMessage(LogLevel.Warning, "The page about {Cause} could not be queued and went straight to the server")]
    private partial void LogSent(PageCause cause);

    [LoggerMessage(LogLevel.Error, "The page about {Cause} could be neither queued nor sent: {Reason}")]
    private partial void LogUnsent(PageCause cause, string reason);
}
