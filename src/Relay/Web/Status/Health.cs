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

    /// <summary>How the relay is.</summary>
    /// <param name="Healthy">Whether nothing is wrong.</param>
    /// <param name="Reasons">For the operator alone: they name sessions, files and what others have said.</param>
    /// <param name="Ages">Of the oldest work at each stage.</param>
    public sealed record Report(bool Healthy, IReadOnlyList<string> Reasons, Ages Ages)
    {
        /// <summary>Where something is wrong, in words that stand here and nowhere else: for everybody.</summary>
        public required IReadOnlyList<string> Stages { get; init; }
    }

    public async Task<Report> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var findings = await database.ReadAsync(reading => FindAsync(reading, cancellationToken), cancellationToken);
            var judged = Judge(findings);
            return new Report(judged.Count == 0, judged.ConvertAll(each => each.Reason), findings.Ages)
            {
                Stages = [.. judged.Select(each => each.Stage).Distinct()],
            };
        }
        catch (DbException exception)
        {
            return new Report(false, [Database.Explain(exception)], new Ages(0, 0, 0, 0, 0, 0)) { Stages = ["database"] };
        }
    }

    /// <summary>What is not well; empty when all is.</summary>
    public async Task<IReadOnlyList<string>> ReasonsAsync(Reading reading, CancellationToken cancellationToken) =>
        Judge(await FindAsync(reading, cancellationToken)).ConvertAll(each => each.Reason);

    private List<(string Stage, string Reason)> Judge(Findings findings)
    {
        var limit = settings.Current.Config.StuckAfter.TotalSeconds;
        var (ages, failing) = (findings.Ages, findings.Failing);
        List<(string Stage, string Reason)> reasons = [.. faults.Standing.Select(fault => ("parts", fault))];
        AddIfOver("asking", "a message has not been answered", ages.Asking);
        AddIfOver("deferred", "a message has been deferred", ages.Deferred);
        AddIfOver("placing", $"a reply has not been placed in dispatch/{findings.Unplaced?.Session}", ages.Placing);
        if (ages.Held > 0)
            reasons.Add(("held", $"{Held}, for {Duration.Write(TimeSpan.FromSeconds(ages.Held))}: {string.Join("; ", findings.Holds)}"));
        if (failing.QuestionError is { } error)
            reasons.Add(("paging", $"{QuestionUnsent}: {error}"));
        else
            AddIfOver("paging", $"{PageUnsent} ({failing.Error})", findings.FailingFor);
        return reasons;

        void AddIfOver(string stage, string what, double age)
        {
            if (age > limit)
                reasons.Add((stage, $"{what} for {Duration.Write(TimeSpan.FromSeconds(age))}"));
        }
    }

    /// <summary>Whether a reason is about pages that were not sent.</summary>
    public static bool IsOfPages(string reason) =>
        reason.StartsWith(QuestionUnsent, StringComparison.Ordinal) || reason.StartsWith(PageUnsent, StringComparison.Ordinal);

    private async Task<Findings> FindAsync(Reading reading, CancellationToken cancellationToken)
    {
        var backlog = await Backlog.ReadAsync(reading, cancellationToken);
        var heads = await Outbox.FolderHeadsAsync(reading, cancellationToken);
        var unplaced = heads.Where(reply => reply.State != DispatchState.Placed).MinBy(reply => reply.CreatedAt);
        var unsent = await PageStore.UnsentAsync(reading, cancellationToken);
        var held = backlog.Held.Where(message => message.Cause != HoldCause.Refusal).OrderBy(message => message.ChangedAt).ToList();
        var ages = new Ages(
            Asking: Age(First(MustBeAsked, backlog.Since)),
            Deferred: Age(First(group => group.State == MessageState.Deferred && !backlog.IsPaused(group), backlog.Since)),
            Held: Age(held.FirstOrDefault()?.ChangedAt),
            Waiting: Age(First(group => group.State == MessageState.Waiting, group => group.FirstChangedAt)),
            Placing: Age(unplaced?.CreatedAt),
            Paging: Age(unsent.OldestAt));
        var holds = held.Select(message => message.Reason ?? "").Distinct().Take(ReasonsTold).ToList();
        var failing = await PageStore.FailingAsync(reading, cancellationToken);
        return new Findings(ages, holds, unplaced, failing, Age(failing.Since));

        bool MustBeAsked(UnansweredGroup group) =>
            group.State is MessageState.Accepted or MessageState.Asking && !backlog.IsBlocked(group) && !backlog.IsPaused(group);

        double Age(DateTimeOffset? since) =>
            since is null ? 0 : Math.Max(0.1, Math.Round(steps.Age(since.Value, reading.Now).TotalSeconds, 1));

        DateTimeOffset? First(Func<UnansweredGroup, bool> which, Func<UnansweredGroup, DateTimeOffset> since) =>
            backlog.Groups.Where(which).Min(group => (DateTimeOffset?)since(group));
    }
}
