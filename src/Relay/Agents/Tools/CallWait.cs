using Relay.Dispatch;
using Relay.Storage;

namespace Relay.Agents.Tools;

/// <summary>Holds a tool call until its reply is there. A call that the client has moved to the background is held as long as the client
/// keeps it: its end wakes the session, so it does not end to say that there is nothing yet. A call whose client closes it was
/// interrupted.</summary>
internal sealed class CallWait(
    ReplyWait wait, CallerChannel callers, Handover handover, Database database, IHostApplicationLifetime lifetime)
{
    /// <summary>A client that ends closes its calls, too, and says so by then; so does one whose user types at once.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async Task<Waited> WaitAsync(AgentCall call, ReplyRequest request, CancellationToken cancellationToken)
    {
        using var waiter = callers.Wait(request.Message); // In between it is waited for, too.
        while (true)
        {
            var waited = await WaitOnceAsync(call, request, cancellationToken);
            if (waited is not Waited.NotYet || lifetime.ApplicationStopping.IsCancellationRequested
                || !await IsInBackgroundAsync(call, cancellationToken))
                return waited;
        }
    }

    private async Task<Waited> WaitOnceAsync(AgentCall call, ReplyRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var waited = await wait.WaitAsync(request, cancellationToken);
            return waited is Waited.TakenElsewhere
                && await handover.TakeAgainAsync(request.Conversation, request.Message, cancellationToken) is { IsEmpty: false } lease
                ? new Waited.Replied(lease) // It is not known to be there, and the session asks again.
                : waited;
        }
        catch (OperationCanceledException) when (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            await InterruptedAsync(call);
            throw;
        }
    }

    /// <summary>A session that is idle waits for no call, whatever was heard of it.</summary>
    private Task<bool> IsInBackgroundAsync(AgentCall call, CancellationToken cancellationToken) => database.ReadAsync(
        async reading => call.Reported is { } reported
            && await ToolUseStore.FindAsync(reading, reported.Id, cancellationToken) is { } use
            && (use.Task is not null
                || (use.Subagent is null
                    && await AgentStore.FindAsync(reading, use.Agent, cancellationToken) is { State: AgentState.Idle })),
        cancellationToken);

    /// <summary>The client tells nobody when its user interrupts it. Where nothing is heard of the session soon, it is idle.</summary>
    private async Task InterruptedAsync(AgentCall call)
    {
        if (call.Reported is not { Subagent: null } reported)
            return;
        var closed = database.Clock.GetUtcNow();
        await Task.Delay(Settled, database.Clock, lifetime.ApplicationStopping)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await database.WriteAsync(
            async writing =>
            {
                if (await ToolUseStore.FindAsync(writing, reported.Id, CancellationToken.None) is { Task: null }
                    && await AgentStore.FindAsync(writing, reported.Agent, CancellationToken.None) is { State: AgentState.Active } agent
                    && agent.LastSeenAt <= closed)
                    await AgentStore.SetStateAsync(writing, agent, AgentState.Idle, CancellationToken.None);
            },
            CancellationToken.None);
    }
}
