using Relay.Conversations;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

namespace Relay.Agents.Tools;

/// <summary>What a session is told of its own messages.</summary>
internal static class OwnMessages
{
    /// <summary>Those without a reply, each with what it waits for.</summary>
    public static async Task<List<string>> UnansweredAsync(Reading reading, SessionId session, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        foreach (var message in await MessageStore.UnansweredAsync(reading, session, cancellationToken))
        {
            var wait = await Waits.OfAsync(reading, message, cancellationToken);
            var hasReason = message is { State: MessageState.Waiting or MessageState.Held or MessageState.Deferred, Reason: not null };
            var why = hasReason && !wait.IsPaused
                ? message.Reason
                : wait.ForSession;
            lines.Add($"{message.Id}: {message.State.Word()}, {why}");
        }
        return lines;
    }
}
