using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Storage;
using Relay.Turns;

namespace Relay.Agents;

/// <summary>Puts replies on a response to a session.</summary>
internal sealed class AgentReplies(Handover handover, Database database)
{
    /// <summary>All that waits for the session, on no response yet.</summary>
    public Task<Handover.Lease> TakeAsync(Agent agent, CancellationToken cancellationToken) => handover.TakeAsync(agent.Session, cancellationToken);

    /// <summary>A reply that the operator had a hand in starts the session's rounds anew.</summary>
    public async Task CarryAsync(HttpContext context, Agent agent, Handover.Lease lease, CancellationToken cancellationToken)
    {
        Delivery.Of(context).Carry(lease);
        if (await HadOperatorAsync(lease, cancellationToken))
            await database.WriteAsync(writing => AgentStore.OperatorSpokeAsync(writing, agent, cancellationToken), cancellationToken);
    }

    private Task<bool> HadOperatorAsync(Handover.Lease lease, CancellationToken cancellationToken)
    {
        var messages = lease.Replies
            .Where(reply => reply.Message is not null)
            .Select(reply => (reply.Conversation, reply.Message!.Value));
        return database.ReadAsync(reading => QuestionStore.WasAskedAboutAsync(reading, messages, cancellationToken), cancellationToken);
    }
}
