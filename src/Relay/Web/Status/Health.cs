using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Web.Status;

/// <summary>Tells the relay's health by the age of the oldest unfinished work at each stage.</summary>
internal sealed class Health(Database database, SettingsSource settings, Faults faults)
{
    /// <summary>In seconds. 0 where a stage has no work.</summary>
    public sealed record Ages(double Asking, double Deferred, double Held, double Waiting, double Placing, double Paging);

    public async Task<(bool Healthy, IReadOnlyList<string> Reasons, Ages Ages)> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Judge(await AgesAsync(cancellationToken));
        }
        catch (DbException exception)
        {
            return (false, [Database.Explain(exception)], new Ages(0, 0, 0, 0, 0, 0));
        }
    }

    private (bool Healthy, IReadOnlyList<string> Reasons, Ages Ages) Judge(Ages ages)
    {
        var limit = settings.Current.Config.StuckAfter.TotalSeconds;
        var reasons = new List<string>(faults.Standing);
        AddIfOver(reasons, "a message has not been answered", ages.Asking, limit);
        AddIfOver(reasons, "a message has been deferred", ages.Deferred, limit);
        AddIfOver(reasons, "a reply has not been placed", ages.Placing, limit);
        if (ages.Held > 0)
            reasons.Add(FormattableString.Invariant($"a message is held, for {ages.Held:0} s"));
        return (reasons.Count == 0, reasons, ages);
    }

    private static void AddIfOver(List<string> reasons, string what, double age, double limit)
    {
        if (age > limit)
            reasons.Add(FormattableString.Invariant($"{what} for {age:0} s"));
    }

    private Task<Ages> AgesAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var backlog = await Backlog.ReadAsync(reading, cancellationToken);
            var heads = await Outbox.FolderHeadsAsync(reading, cancellationToken);
            var unsent = await PageStore.UnsentAsync(reading, cancellationToken);
            var held = backlog.Held.Where(message => message.Cause != HoldCause.Refusal);
            return new Ages(
                Asking: Age(First(MustBeAsked, backlog.Since)),
                Deferred: Age(First(group => group.State == MessageState.Deferred, backlog.Since)),
                Held: Age(held.Min(message => (DateTimeOffset?)message.ChangedAt)),
                Waiting: Age(First(group => group.State == MessageState.Waiting, group => group.FirstChangedAt)),
                Placing: Age(heads.Where(reply => reply.State != DispatchState.Placed).Min(reply => (DateTimeOffset?)reply.CreatedAt)),
                Paging: Age(unsent.OldestAt));

            bool MustBeAsked(UnansweredGroup group) =>
                group.State is MessageState.Accepted or MessageState.Asking && !backlog.IsBlocked(group);

            double Age(DateTimeOffset? since) =>
                since is null ? 0 : Math.Max(0.1, Math.Round((reading.Now - since.Value).TotalSeconds, 1));

            DateTimeOffset? First(Func<UnansweredGroup, bool> which, Func<UnansweredGroup, DateTimeOffset> since) =>
                backlog.Groups.Where(which).Min(group => (DateTimeOffset?)since(group));
        },
        cancellationToken);
}
