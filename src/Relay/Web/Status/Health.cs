using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Web.Api;

namespace Relay.Web.Status;

/// <summary>Health is the age of the oldest unfinished thing at each stage that the relay itself must move, not a flag.</summary>
internal sealed class Health(Database database, SettingsSource settings, Faults faults, TimeProvider clock)
{
    /// <summary>Seconds; 0 where a stage has nothing to do.</summary>
    public sealed record Ages(double Asking, double Deferred, double Held, double Waiting, double Placing, double Paging);

    public async Task<(bool Healthy, IReadOnlyList<string> Reasons, Ages Ages)> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Judge(await AgesAsync(cancellationToken));
        }
        catch (DbException exception)
        {
            return (false, [$"the database cannot be read: {exception.Message}"], new Ages(0, 0, 0, 0, 0, 0));
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
        async connection =>
        {
            var now = clock.UnixNow();
            var oldest = await connection.Command(
                $"""
                SELECT
                    MIN(CASE WHEN state IN ('accepted', 'asking') AND NOT blocked THEN since END) AS asking,
                    MIN(CASE WHEN state = 'deferred' THEN since END) AS deferred,
                    MIN(CASE WHEN state = 'held' AND cause <> 'refusal' THEN changed_at END) AS held,
                    MIN(CASE WHEN state = 'waiting' THEN changed_at END) AS waiting
                FROM (
                    SELECT state, cause, changed_at,
                        CASE WHEN unblocked_at > accepted_at THEN unblocked_at ELSE accepted_at END AS since,
                        speaker = 'session' AND conversation_id IN (SELECT conversation_id FROM questions WHERE state = 'open' AND kind <> 'permission') AS blocked
                    FROM (
                        SELECT state, cause, speaker, conversation_id, accepted_at, changed_at,
                            COALESCE((SELECT MAX(q.answered_at) FROM questions q WHERE q.conversation_id = m.conversation_id), 0) AS unblocked_at
                        FROM messages m
                        WHERE state IN ({MessageStore.UnansweredStates})
                    ) AS waiting
                ) AS unanswered
                """)
                .ListAsync(
                    reader => (reader.NumberOrNull("asking"), reader.NumberOrNull("deferred"), reader.NumberOrNull("held"), reader.NumberOrNull("waiting")),
                    cancellationToken);
            var placing = await connection.Command(
                """
                SELECT MIN(d.created_at)
                FROM dispatches d
                WHERE d.channel = 'folder' AND d.state IN ('ready', 'staged')
                  AND NOT EXISTS (SELECT 1 FROM dispatches p WHERE p.session_id = d.session_id AND p.state = 'placed')
                """)
                .NumberAsync(cancellationToken);
            var paging = await connection.Command("SELECT MIN(created_at) FROM pages WHERE state = 'queued'").NumberAsync(cancellationToken);
            var (asking, deferred, held, waiting) = oldest[0];
            return new Ages(Age(now, asking), Age(now, deferred), Age(now, held), Age(now, waiting), Age(now, placing), Age(now, paging));
        },
        cancellationToken);

    private static double Age(long now, long? since) => since is null or 0 ? 0 : Math.Max(0.1, Math.Round((now - since.Value) / 1000.0, 1));
}
