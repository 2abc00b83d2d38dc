using Relay.Conversations;
using Relay.Costs;
using Relay.Operator;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>Puts back to work what was under way when the one who did it ended.</summary>
internal sealed partial class Recovery(Database database, SummaryTransactions summaries, Holds holds, ILogger<Recovery> log)
{
    /// <summary>At the start: what was being asked when the relay stopped is asked again, and what a restart can have mended gets a new
    /// try.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await RestartAsync([], cancellationToken);
        await holds.ReleaseAtStartAsync(cancellationToken);
    }

    /// <summary>What was being asked is asked again; a call whose end nobody saw is perhaps paid twice.</summary>
    /// <param name="own">Conversations whose turns this process is taking: theirs are under way.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task RestartAsync(IReadOnlyCollection<ConversationId> own, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var lost = 0;
            foreach (var call in await ConversationStore.RunningCallsAsync(writing, cancellationToken))
                if (!own.Contains(call.Conversation))
                {
                    lost += await LoseAsync(writing, call, cancellationToken) ? 1 : 0;
                    await ConversationStore.ForgetCallAsync(writing, call, cancellationToken);
                }
            var asked = (await MessageStore.AskingAsync(writing, cancellationToken))
                .FindAll(message => !own.Contains(message.Conversation));
            foreach (var message in asked)
            {
                await MessageStore.LoseCallAsync(writing, message, cancellationToken);
                await Holds.ResumeAsync(writing, message, "asked again after a restart", cancellationToken);
            }
            await MessageStore.HurryAsync(writing, HoldCause.Budget, cancellationToken); // What they waited for may be lost.
            if (asked.Count + lost > 0)
                writing.OnceCommitted(() => LogResumed(asked.Count, lost));
        },
        cancellationToken);

    private async Task<bool> LoseAsync(Writing writing, RunningCall call, CancellationToken cancellationToken)
    {
        if (!await Ledger.LoseAsync(writing, call, cancellationToken))
            return false;
        if (call.Message.Length == 0)
            await summaries.LoseAsync(writing, call.Conversation, cancellationToken);
        return true;
    }

    [LoggerMessage(LogLevel.Warning, "After a restart {Messages} messages are asked again; {Calls} calls were perhaps paid for nothing")]
    private partial void LogResumed(int messages, int calls);
}
