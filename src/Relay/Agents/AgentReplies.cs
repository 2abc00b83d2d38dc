using Relay.Dispatch;

namespace Relay.Agents;

/// <summary>Puts the replies for a session into a response to it.</summary>
internal sealed class AgentReplies(Handover handover)
{
    /// <summary>Takes all replies that wait for the session. They are in no response yet.</summary>
    public Task<Handover.Lease> TakeAsync(Agent agent, CancellationToken cancellationToken) =>
        handover.TakeAsync(agent.Session, cancellationToken);

    /// <summary>Puts the replies into the response.</summary>
    public static void Carry(HttpContext context, Handover.Lease lease) => Delivery.Of(context).Carry(lease);
}
