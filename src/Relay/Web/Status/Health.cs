using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Web.Status;

/// <summary>Tells the relay's health by the age of the oldest unfinished work at each stage.</summary>
internal sealed class Health(Database database, SettingsSource settings, Faults faults, ClockSteps steps)
{
    public const string Held = "a message is held";
    private const string QuestionUnsent = "the page of a question was not sent", PageUnsent = "a page has not been sent";
    private const int ReasonsTold = 3;

    /// <summary>In seconds. 0 where a stage has no work.</summary>
    public sealed record Ages(double Asking, double Deferred, double Held, double Waiting, double Placing, double Paging);

    /// <param name="Ages">Of the oldest work at each stage.</param>
    /// <param name="Holds">Why messages are held, the longest first.</param>
    /// <param name="Unplaced">The reply that has waited longest for its folder.</param>
    /// <param name="Failing">The pages that failed.</param>
    /// <param name="FailingFor">How long the oldest of them has waited, in seconds; 0 when there is none.</param>
    private sealed record Findings(
        Ages Ages, IReadOnlyList<string> Holds, OutboundReply? Unplaced, Failing Failing, double FailingFor);

    public async Task<(bool Healthy, IReadOnlyList<string> Reasons, Ages Ages)> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var findings = await database.ReadAsync(reading => FindAsync(reading, cancellationToken), cancellationToken);
            var reasons = Judge(findings);
            return (reasons.Count == 0, reasons, findings.Ages);
        }
        catch (DbException exception)
        {
            return (false, [Database.Explain(exception)], new Ages(0, 0, 0, 0, 0, 0));
        }
    }

    /// <summary>What is not well; empty when all is.</summary>
    public async Task<IReadOnlyList<string>> ReasonsAsync(Reading reading, CancellationToken cancellationToken) =>
        Judge(await FindAsync(reading, cancellationToken));

    private List<string> Judge(Findings findings)
    {
        var limit = settings.Current.Config.StuckAfter.TotalSeconds;
        var (ages, failing) = (findings.Ages, findings.Failing);
        var reasons = new List<string>(faults.Standing);
        AddIfOver(reasons, "a message has not been answered", ages.Asking, limit);
        AddIfOver(reasons, "a message has been deferred", ages.Deferred, limit);
        AddIfOver(reasons, $"a reply has not been placed in dispatch/{findings.Unplaced?.Session}", ages.Placing, limit);
        if (ages.Held > 0)
            reasons.Add($"{Held}, for {Duration.Write(TimeSpan.FromSeconds(ages.Held))}: {string.Join("; ", findings.Holds)}");
        if (failing.QuestionError is { } error)
            reasons.Add($"{QuestionUnsent}: {error}");
        else
            AddIfOver(reasons, $"{PageUnsent} ({failing.Error})", findings.FailingFor, limit);
        return reasons;
    }

    /// <summary>Whether a reason is about pages that were not sent.</summary>
    public static bool IsOfPages(string reason) =>
        reason.StartsWith(QuestionUnsent, StringComparison.Ordinal) || reason.StartsWith(PageUnsent, StringComparison.Ordinal);

    private static void AddIfOver(List<string> reasons, string what, double age, double limit)
    {
        if (age > limit)
            reasons.Add($"{what} for {Duration.Write(TimeSpan.FromSeconds(age))}");
    }

    private async Task<Findings> FindAsync(Reading reading, CancellationToken cancellationToken)
    {
        var backlog = await Backlog.ReadAsync(reading, cancellationToken);
        var heads = await Outbox.FolderHeadsAsync(reading, cancellationToken);
        var unplaced = heads.Where(reply => reply.State != DispatchState.Placed).MinBy(reply => reply.CreatedAt);
        var unsent = await PageStore.UnsentAsync(reading, cancellationToken);
        var held = backlog.Held.Where(message => message.Cause != HoldCause.Refusal).OrderBy(message => message.ChangedAt).ToList();
        var ages = new Ages(
            Asking: Age(First(MustBeAsked, backlog.Since)),
            Deferred: Age(First(group => group.State == MessageState.Deferred, backlog.Since)),
            Held: Age(held.FirstOrDefault()?.ChangedAt),
            Waiting: Age(First(group => group.State == MessageState.Waiting, group => group.FirstChangedAt)),
            Placing: Age(unplaced?.CreatedAt),
            Paging: Age(unsent.OldestAt));
        var holds = held.Select(message => message.Reason ?? "").Distinct().Take(ReasonsTold).ToList();
        var failing = await PageStore.FailingAsync(reading, cancellationToken);
        return new Findings(ages, holds, unplaced, failing, Age(failing.Since));

        bool MustBeAsked(UnansweredGroup group) =>
            group.State is MessageState.Accepted or MessageState.Asking && !backlog.IsBlocked(group);

        double Age(DateTimeOffset? since) =>
            since is null ? 0 : Math.Max(0.1, Math.Round(steps.Age(since.Value, reading.Now).TotalSeconds, 1));

        DateTimeOffset? First(Func<UnansweredGroup, bool> which, Func<UnansweredGroup, DateTimeOffset> since) =>
            backlog.Groups.Where(which).Min(group => (DateTimeOffset?)since(group));
    }
}
