using Relay.Conversations;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Intake;

/// <summary>A message of a session that is not accepted yet. The same key of the same session is the same message again.</summary>
internal sealed record Incoming(SessionId Session, string Content, string DedupeKey, ReplyChannel Channel)
{
    /// <summary>The id that its sender has told to people.</summary>
    public string? MessageId { get; init; }

    /// <summary>To whom the session's name is counted if it is new; null where it is bound by nothing.</summary>
    public string? Source { get; init; }

    /// <summary>Counted already as a round of relay mode.</summary>
    public bool IsRound { get; init; }

    /// <inheritdoc cref="Message.IsOpinion"/>
    public bool IsOpinion { get; init; }
}

/// <summary>Accepts the messages of sessions, whichever way they come. When it returns, they are durable, and each is there once.</summary>
internal sealed partial class Inbox(Database database, SessionDirectory directory, ILogger<Inbox> log)
{
    public abstract record Acceptance
    {
        private Acceptance() { }

        public sealed record Accepted(ConversationId Conversation, MessageId Message) : Acceptance
        {
            /// <summary>No call of its conversation is under way that it would have to wait for.</summary>
            public bool IsUrgent { get; init; }
        }

        public sealed record Duplicate(Message Message) : Acceptance;

        public sealed record Refused(string Reason) : Acceptance
        {
            /// <summary>Set when it may be accepted later: its source has made too many names.</summary>
            public TimeSpan? RetryAfter { get; init; }

            /// <summary>The session is in relay mode, and has said as much as it may without a word of the operator.</summary>
            public bool IsBound { get; init; }
        }
    }

    public Task<Acceptance> AcceptAsync(
        SessionId session, string content, string dedupeKey, ReplyChannel channel, CancellationToken cancellationToken) =>
        AcceptAsync(new Incoming(session, content, dedupeKey, channel), cancellationToken);

    public async Task<Acceptance> AcceptAsync(Incoming incoming, CancellationToken cancellationToken) =>
        (await AcceptAsync([incoming], cancellationToken))[0];

    /// <summary>Accepts several messages in this order, with one commit.</summary>
    public async Task<Acceptance[]> AcceptAsync(IReadOnlyList<Incoming> incoming, CancellationToken cancellationToken)
    {
        if (incoming.Count == 0)
            return [];
        database.ThrowIfDamaged();
        return await database.WriteAsync(
            async writing =>
            {
                var acceptances = new Acceptance[incoming.Count];
                for (var index = 0; index < incoming.Count; index++)
                    acceptances[index] = await AcceptAsync(writing, incoming[index], cancellationToken);
                return acceptances;
            },
            cancellationToken);
    }

    private async Task<Acceptance> AcceptAsync(Writing writing, Incoming incoming, CancellationToken cancellationToken)
    {
        var session = incoming.Session;
        if (directory.ConversationOf(session) is not { } conversation)
            return new Acceptance.Refused(directory.Refusal(session)!);
        var name = new NewName(session, incoming.Source);
        var wait = await NameAllowance.AdmitAsync(
            writing, directory, name,
            () => SessionStore.SeenAsync(writing, session, conversation, incoming.Channel, cancellationToken), cancellationToken);
        if (wait is not null)
            return new Acceptance.Refused(NameAllowance.Reason(directory, name)) { RetryAfter = wait };
        var round = incoming.IsRound || incoming.Channel == ReplyChannel.None
            ? null
            : await RoundBound.OfMessageAsync(writing, directory, session, conversation, cancellationToken);
        if (round is not null
            && await RoundBound.RefusalAsync(writing, directory, round, cancellationToken) is { } refusal
            && await MessageStore.FindByKeyAsync(writing, session, incoming.DedupeKey, cancellationToken) is null)
            return new Acceptance.Refused(refusal) { IsBound = true };
        return await InsertAsync(writing, incoming, conversation, round, cancellationToken);
    }

    private async Task<Acceptance> InsertAsync(
        Writing writing, Incoming incoming, ConversationId conversation, NewRound? round, CancellationToken cancellationToken)
    {
        var session = incoming.Session;
        var message = new NewMessage(
            conversation, session, Speaker.Session, incoming.Channel, Origin: null, incoming.DedupeKey, incoming.Content)
        {
            Proposed = MessageId.TryParse(incoming.MessageId, writing.Now),
            IsOpinion = incoming.IsOpinion,
        };
        if (await MessageStore.InsertAsync(writing, message, cancellationToken) is { } inserted)
        {
            if (round is not null)
                await RoundStore.AddAsync(writing, round, cancellationToken);
            writing.OnceCommitted(() => LogAccepted(inserted.Id, session, conversation, incoming.Content.Length));
            return new Acceptance.Accepted(conversation, inserted.Id) { IsUrgent = !inserted.IsBehindCall };
        }
        var known = (await MessageStore.FindByKeyAsync(writing, session, incoming.DedupeKey, cancellationToken))!;
        return known.Content == WellFormed.Of(incoming.Content)
            ? new Acceptance.Duplicate(known)
            : new Acceptance.Refused($"its id was used before for another text, message {known.Id}; another text needs another id");
    }

    [LoggerMessage(LogLevel.Information, "Accepted {MessageId} from {Session} in {Conversation}, {Characters} characters")]
    private partial void LogAccepted(MessageId messageId, SessionId session, ConversationId conversation, int characters);
}
