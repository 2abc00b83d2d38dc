using Relay.Dispatch;

namespace Relay.Agents;

/// <summary>Puts the replies for a session into a response to it.</summary>
internal sealed class AgentReplies(Handover handover, Rounds rounds)
{
    /// <summary>Takes all replies that wait for the session. They are in no response yet.</summary>
    public Task<Handover.Lease> TakeAsync(Agent agent, CancellationToken cancellationToken) =>
        handover.TakeAsync(agent.Session, cancellationToken);

    /// <summary>Whether all that waits is a round's reply that brings nothing new. The operator hears of that once.</summary>
    public async Task<bool> IsRepeatedAsync(Agent agent, Handover.Lease lease, CancellationToken cancellationToken) =>
        lease.Replies is [{ Message: { } message }] && await rounds.IsRepeatedAsync(agent.Session, message, cancellationToken);

    /// <summary>Puts the replies into the response.</summary>
    /// <param name="context">Of the request.</param>
    /// <param name="lease">The replies.</param>
    /// <param name="to">What will show that the session's model has them; null where it is only told to its user.</param>
    public static void Carry(HttpContext context, Handover.Lease lease, Handing? to) => Delivery.Of(context).Carry(lease, to);
}
