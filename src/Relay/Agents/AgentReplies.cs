using Relay.Dispatch;
using Relay.Operator;
using Relay.Storage;

namespace Relay.Agents;

/// <summary>Puts the replies for a session into a response to it.</summary>
internal sealed class AgentReplies(Handover handover, Database database)
{
    /// <summary>Takes all replies that wait for the session. They are in no response yet.</summary>
    public Task<Handover.Lease> TakeAsync(Agent agent, CancellationToken cancellationToken) =>
        handover.TakeAsync(agent.Session, cancellationToken);

    /// <summary>Puts the replies into the response. If the operator was asked about one of them,
    /// the session's rounds count from 0 again.</summary>
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
