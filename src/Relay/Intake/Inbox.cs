using System.Data.Common;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;

namespace Relay.Intake;

/// <summary>What a session says, before it is accepted. Under the same key of the same session it is the same message again.</summary>
internal sealed record Incoming(SessionId Session, string Content, string DedupeKey, ReplyChannel Channel);

/// <summary>The one way in for what sessions say: durable and counted once when it returns.</summary>
internal sealed partial class Inbox(
    Database database, MessageStore messages, SessionStore sessions, SessionDirectory directory, Signals signals, ILogger<Inbox> log)
{
    public abstract record Acceptance
    {
        private Acceptance() { }
        public sealed record Accepted(ConversationId Conversation, MessageId Message) : Acceptance;
        public sealed record Duplicate(Message Message) : Acceptance;
        public sealed record Refused(string Reason) : Acceptance;
    }

    public async Task<Acceptance> AcceptAsync(
        SessionId session, string content, string dedupeKey, ReplyChannel channel, CancellationToken cancellationToken) =>
        (await AcceptAsync([new Incoming(session, content, dedupeKey, channel)], cancellationToken))[0];

    /// <summary>Several at once, in this order: each stands or falls alone, but they share the wait for the disk.</summary>
    public async Task<Acceptance[]> AcceptAsync(IReadOnlyList<Incoming> incoming, CancellationToken cancellationToken)
    {
        var acceptances = await database.WriteEachAsync<Acceptance>(
            incoming.Select<Incoming, Func<DbTransaction, Task<Acceptance>>>(each => transaction => AcceptAsync(transaction, each, cancellationToken)),
            cancellationToken);
        foreach (var (each, acceptance) in incoming.Zip(acceptances))
            if (acceptance is Acceptance.Accepted accepted)
            {
                signals.Work.Set();
                signals.Status.Set();
                LogAccepted(accepted.Message, each.Session, accepted.Conversation, each.Content.Length);
            }
        return acceptances;
    }

    private async Task<Acceptance> AcceptAsync(DbTransaction transaction, Incoming incoming, CancellationToken cancellationToken)
    {
        var session = incoming.Session;
        if (directory.ConversationOf(session) is not { } conversation)
            return new Acceptance.Refused($"session \"{session}\" is not listed under sessions in config.yaml, and accept_unknown_sessions is false");
        await sessions.SeenAsync(transaction, session, conversation, incoming.Channel, cancellationToken);
        if (await MessageStore.FindByKeyAsync(transaction.Connection!, session, incoming.DedupeKey, cancellationToken) is { } known)
            return new Acceptance.Duplicate(known);
        var message = new NewMessage(conversation, session, Speaker.Session, incoming.Channel, Origin: null, incoming.DedupeKey, incoming.Content);
        return new Acceptance.Accepted(conversation, (await messages.InsertAsync(transaction, message, cancellationToken))!.Value);
    }

    [LoggerMessage(LogLevel.Information, "Accepted {MessageId} from {Session} in {Conversation}, {Characters} characters")]
    private partial void LogAccepted(MessageId messageId, SessionId session, ConversationId conversation, int characters);
}
