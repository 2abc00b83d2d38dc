using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Intake;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>How a session's last message fared with the advisor.</summary>
internal abstract record Relayed
{
    private Relayed() { }

    /// <summary>The session stops, with a note for its user.</summary>
    public sealed record Stops(string? Note) : Relayed;

    public sealed record Replied(Handover.Lease Lease) : Relayed;

    /// <summary>The reply says what the last one said, to what was said then: the session has it already.</summary>
    public sealed record NothingNew(Handover.Lease Lease, string Note) : Relayed;

    /// <summary>A second hook reported the same stop and got the reply.</summary>
    public sealed record Elsewhere : Relayed;
}

/// <summary>A stop that is relayed.</summary>
/// <param name="Agent">Whose it is.</param>
/// <param name="Hook">What was reported.</param>
/// <param name="GoesOn">The client would go on with a reply.</param>
/// <param name="Hold">How long its hook waits.</param>
internal sealed record RelayedStop(Agent Agent, HookEvent Hook, bool GoesOn, TimeSpan Hold)
{
    public string Said => Hook.LastAssistantMessage!;

    /// <summary>A stop that is reported twice (by a plugin and by the project's settings) is one message.
    /// The same words at a later stop are another message.</summary>
    public string Key
    {
        get
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Said)));
            return string.Create(CultureInfo.InvariantCulture, $"stop:{Agent.Id}:{Hook.PromptId}:{Agent.Stops}:{hash}");
        }
    }
}

/// <summary>Sends the last message of a session in relay mode to the advisor, and waits for the reply. The wait is short where a waiter can
/// wake the session: a prompt that its user types meanwhile is held up as long.</summary>
internal sealed class StopRelay(AgentIntake intake, ReplyWait wait, Rounds rounds, AgentWaiters waiters, StopBounds bounds)
{
    private const string Later = "The reply comes when it is there.";

    /// <summary>Between two of its requests a waiter is away for a moment.</summary>
    private static readonly TimeSpan WaiterAway = TimeSpan.FromSeconds(5);

    public async Task<Relayed> RelayAsync(RelayedStop stop, CancellationToken cancellationToken)
    {
        var session = stop.Agent.Session;
        var open = await bounds.OpenAsync(session, stop.Said, cancellationToken);
        if (open is null && await rounds.IsSaidAgainAsync(session, stop.Said, cancellationToken))
            return new Relayed.Stops(Note: null); // It was told when the second of them ended.
        var said = new Incoming(session, stop.Said, stop.Key, ReplyChannel.Agent);
        var acceptance = open is null
            ? await intake.AcceptRoundAsync(said, cancellationToken)
            : new Inbox.Acceptance.Duplicate(open);
        if (acceptance is Inbox.Acceptance.Refused refused)
            return new Relayed.Stops("Relay: this was not sent to the advisor: " + refused.Reason);
        if (!stop.GoesOn)
            return new Relayed.Stops("Relay: the client ends a turn that was continued so often. " + Later);
        if (acceptance is Inbox.Acceptance.Accepted || open is not null)
            await bounds.HeldAsync(stop.Agent, cancellationToken);
        var (conversation, message) = acceptance is Inbox.Acceptance.Accepted accepted
            ? (accepted.Conversation, accepted.Message)
            : (((Inbox.Acceptance.Duplicate)acceptance).Message.Conversation, ((Inbox.Acceptance.Duplicate)acceptance).Message.Id);
        return await EndAsync(stop, message, await WaitAsync(stop, conversation, message, cancellationToken));
    }

    private Task<Waited> WaitAsync(RelayedStop stop, ConversationId conversation, MessageId message, CancellationToken cancellationToken)
    {
        var request = new ReplyRequest(conversation, message, stop.Hold)
        {
            LeaveToOperator = true,
            IsEnough = waited => waited >= bounds.ShortHold && waiters.IsWaitedFor(stop.Agent.Id, WaiterAway),
        };
        return wait.WaitAsync(request, cancellationToken);
    }

    private async Task<Relayed> EndAsync(RelayedStop stop, MessageId message, Waited waited)
    {
        switch (waited)
        {
            case Waited.Replied replied when await rounds.IsRepeatedAsync(stop.Agent.Session, message, CancellationToken.None):
                return new Relayed.NothingNew(
                    replied.Lease,
                    $"Relay: this session stops: {Rounds.Alike}. It goes on after your next prompt or a word of the operator.");
            case Waited.Replied replied:
                return new Relayed.Replied(replied.Lease);
            case Waited.TakenElsewhere:
                return new Relayed.Elsewhere();
            case Waited.OperatorAsked asked:
                return Stops($"the advisor has asked the operator (question #{asked.Question}). {Later}");
            case Waited.GivenUp givenUp:
                return Stops($"the operator gave the message up: {givenUp.Reason}");
            case Waited.NotYet notYet:
                return Stops($"not answered yet ({notYet.State}). {Later}");
            default:
                throw new InvalidOperationException();
        }

        static Relayed Stops(string note) => new Relayed.Stops("Relay: " + note);
    }
}

/// <summary>What a stop is measured by: how long it is held, and what the session has said already.</summary>
internal sealed class StopBounds(Database database, SettingsSource settings)
{
    public TimeSpan ShortHold => settings.Current.Config.Agents.StopHold;

    /// <summary>The same words that are still unanswered: a stop that the client reports anew costs nothing.</summary>
    public Task<Message?> OpenAsync(SessionId session, string said, CancellationToken cancellationToken) => database.ReadAsync(
        reading => MessageStore.SameUnansweredAsync(reading, session, said, cancellationToken), cancellationToken);

    /// <summary>Its last message went to the advisor, and its Stop hook waits.</summary>
    public Task HeldAsync(Agent agent, CancellationToken cancellationToken) =>
        database.WriteAsync(writing => AgentStore.RelayedAsync(writing, agent, cancellationToken), cancellationToken);
}
