using Relay.Dispatch;
using Relay.Operator;

namespace Relay.Agents;

/// <summary>Puts replies on a response to a session.</summary>
internal sealed class AgentReplies(AgentStore agents, QuestionStore questions)
{
    /// <summary>A reply that the operator had a hand in starts the session's rounds anew.</summary>
    public async Task CarryAsync(HttpContext context, Agent agent, Handover.Lease lease, CancellationToken cancellationToken)
    {
        Delivery.Of(context).Carry(lease);
        if (await questions.WasAskedAboutAsync(lease.Replies.Select(reply => reply.Message), cancellationToken))
            await agents.OperatorSpokeAsync(agent, cancellationToken);
    }
}
