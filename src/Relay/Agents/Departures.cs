using Relay.Conversations;
using Relay.Dispatch;
using Relay.Files.Platform;
using Relay.Running;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>Ends the agents that have gone: those that say so, and those whose process is not there any more, for a client that was killed
/// says nothing. Its name is free then, and what it was handed and has not shown to have waits again.</summary>
internal sealed partial class Departures(Database database, ILogger<Departures> log) : ILoop
{
    public string Name => "looking for clients that have gone";

    public Topic? WakesOn => null;

    public TimeSpan Poll => TimeSpan.FromSeconds(5);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        if ((await database.ReadAsync(reading => GoneAsync(reading, cancellationToken), cancellationToken)).Count > 0)
            foreach (var agent in await database.WriteAsync(writing => EndGoneAsync(writing, cancellationToken), cancellationToken))
                LogGone(agent.Session, agent.Id);
        return 0;
    }

    /// <summary>The same before a name is given: a window that was killed a moment ago has none. Who has gone is seen in the transaction
    /// that ends them, for the next window of the same session may have come meanwhile.</summary>
    public static async Task<List<Agent>> EndGoneAsync(Writing writing, CancellationToken cancellationToken)
    {
        var gone = await GoneAsync(writing, cancellationToken);
        foreach (var agent in gone)
            await EndAsync(writing, agent, cancellationToken);
        return gone;
    }

    public static async Task EndAsync(Writing writing, Agent agent, CancellationToken cancellationToken)
    {
        await AgentStore.SetStateAsync(writing, agent, AgentState.Ended, cancellationToken);
        await Outbox.LostAsync(writing, agent.Session, (_, handed) => handed.To.Agent == agent.Id, cancellationToken);
        if (!await AgentStore.HasPresentAsync(writing, agent.Session, cancellationToken)) // Another may have come to its name already.
            await SessionStore.EndedAsync(writing, agent.Session, cancellationToken);
    }

    private static async Task<List<Agent>> GoneAsync(Reading reading, CancellationToken cancellationToken) =>
        (await AgentStore.WithClientAsync(reading, cancellationToken)).FindAll(agent => !ClientProcess.IsThere(agent.Client!));

    [LoggerMessage(LogLevel.Information, "The client of {Session}, agent {Agent}, is gone without a word")]
    private partial void LogGone(SessionId session, string agent);
}
