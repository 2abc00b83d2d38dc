using Relay.Conversations;
using Relay.Storage;

namespace Relay.Intake;

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
        SessionId session, string content, string dedupeKey, ReplyChannel channel, CancellationToken cancellationToken)
    {
        if (directory.ConversationOf(session) is not { } conversation)
            return new Acceptance.Refused($"session \"{session}\" is not listed under sessions in config.yaml, and accept_unknown_sessions is false");
        var message = new NewMessage(conversation, session, Speaker.Session, channel, Origin: null, dedupeKey, content);
        var acceptance = await database.WriteAsync<Acceptance>(
            async transaction =>
            {
                await sessions.SeenAsync(transaction, session, conversation, channel, cancellationToken);
                if (await MessageStore.FindByKeyAsync(transaction.Connection!, session, dedupeKey, cancellationToken) is { } known)
                    return new Acceptance.Duplicate(known);
                return new Acceptance.Accepted(conversation, (await messages.InsertAsync(transaction, message, cancellationToken))!.Value);
            },
            cancellationToken);
        if (acceptance is Acceptance.Accepted accepted)
        {
            signals.Work.Set();
            signals.Status.Set();
            LogAccepted(accepted.Message, session, conversation, content.Length);
        }
        return acceptance;
    }

    [LoggerMessage(LogLevel.Information, "Accepted {MessageId} from {Session} in {Conversation}, {Characters} characters")]
    private partial void LogAccepted(MessageId messageId, SessionId session, ConversationId conversation, int characters);
}
