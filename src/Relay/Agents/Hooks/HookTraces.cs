namespace Relay.Agents.Hooks;

/// <summary>What an event shows besides what it asks: which replies the session's model has, and which questions its terminal has
/// decided.</summary>
internal sealed class HookTraces(Signs signs, TerminalAnswers terminal, AgentWaiters waiters)
{
    public async Task ReadAsync(Agent agent, HookEvent hook, string name, CancellationToken cancellationToken)
    {
        await signs.ReadAsync(agent, hook, cancellationToken);
        await terminal.SeenAsync(agent, hook, name, cancellationToken);
    }

    /// <summary>The session has been told what waited for it: from now on a waiter may wake it.</summary>
    public void Begun(Agent agent) => waiters.Begun(agent.Id);
}
