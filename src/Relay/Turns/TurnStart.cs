using System.Data.Common;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>A message that is being asked, under the settings that were in force, with the window as it stood before it.
/// The commit carries the epoch, and a stale one is refused.</summary>
internal sealed record Claim(Message Message, long Epoch, AdvisorCall Call, StartedCall Ledger, Settings Settings, ContextWindow Window);

/// <summary>The first transaction of a turn: (1) find the message whose turn it is, (2) claim its conversation, (3) reserve the cost,
/// (4) append the user entry if it is not there, (5) note the call. All of it or nothing.</summary>
internal sealed partial class TurnStart(
    Database database, MessageStore messages, Journal journal, Ledger ledger, Budget budget, CallBuilder calls, HoldPages holds,
    SettingsSource settings, TimeProvider clock, ILogger<TurnStart> log)
{
    /// <summary>The one message of a conversation whose turn it is; whoever waits behind it waits however due he is.</summary>
    private const string IsHead =
        """
            m.conversation_id = c.conversation_id
              AND m.state IN ('accepted', 'asking', 'deferred', 'held')
              AND (m.cause IS NULL OR m.cause <> 'refusal')
              AND (m.speaker = 'operator' OR NOT EXISTS (
                  SELECT 1
                  FROM questions q
                  WHERE q.conversation_id = c.conversation_id AND q.state = 'open' AND q.kind <> 'permission'))
            ORDER BY m.priority, m.number
            LIMIT 1
        """;

    /// <summary>Conversations that have a turn to take now.</summary>
    public Task<List<ConversationId>> DueAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                $"""
                SELECT c.conversation_id
                FROM conversations c
                WHERE (
                    SELECT m.due_at
                    FROM messages m
                    WHERE {IsHead}) <= @now
                """)
                .With("@now", clock.UnixNow())
                .ListAsync(reader => new ConversationId(reader.Text("conversation_id")), cancellationToken),
            cancellationToken);

    /// <summary>Null when there is nothing to ask now: nothing waits, the head is deferred, or the budget says no.</summary>
    public async Task<Claim?> ClaimAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        var claim = await database.WriteAsync(transaction => ClaimAsync(transaction, conversation, cancellationToken), cancellationToken);
        if (claim is not null)
            journal.Remember(conversation, claim.Window);
        return claim;
    }

    private async Task<Claim?> ClaimAsync(DbTransaction transaction, ConversationId conversation, CancellationToken cancellationToken)
    {
        var inForce = settings.Current; // Before the call is built: a change from here on is noticed when a hold is recorded.
        var message = await HeadAsync(transaction, conversation, cancellationToken); // (1)
        for (; message is { Channel: ReplyChannel.None }; message = await HeadAsync(transaction, conversation, cancellationToken))
            await NoteAsync(transaction, message, cancellationToken);
        if (message is null || message.DueAt is not { } due || due > clock.GetUtcNow())
            return null;
        var epoch = await transaction.Command("UPDATE conversations SET claim_epoch = claim_epoch + 1 WHERE conversation_id = @conversation RETURNING claim_epoch")
            .With("@conversation", conversation.Value)
            .NumberAsync(cancellationToken); // (2)
        var past = await Ledger.RecentAsync(transaction.Connection!, conversation, CallBuilder.PastCalls, cancellationToken);
        var participants = await SessionStore.ParticipantsAsync(transaction.Connection!, conversation, cancellationToken);
        var window = await journal.WindowAsync(transaction.Connection!, conversation, cancellationToken);
        var call = calls.Turn(await ProspectiveAsync(transaction, window, message, cancellationToken), past) with
        {
            Aside = Roster.Of(participants, message.Session, clock.GetUtcNow()),
        };
        var leave = await budget.ReserveAsync(transaction, call.ToPlanned(), past, cancellationToken); // (3)
        if (leave is Budget.Leave.Denied denied)
        {
            await HoldForBudgetAsync(transaction, message, denied, cancellationToken);
            return null;
        }
        await journal.AppendAsync(
            transaction, conversation, message.Id, EntryRole.User, SpeakerOf(message), message.Content, message.Speaker == Speaker.Operator, cancellationToken); // (4)
        await messages.ChangeAsync(transaction, conversation, message.Id, new Change(MessageState.Asking), cancellationToken);
        var started = new StartedCall(
            Guid.CreateVersion7(clock.GetUtcNow()).ToString(), conversation, message.Root, message.Session, CallPurpose.Turn, call.Model, call.PromptBytes(), ((Budget.Leave.Granted)leave).ReservedNano);
        await ledger.StartAsync(transaction, started, cancellationToken); // (5)
        return new Claim(message, epoch, call, started, inForce, window);
    }

    /// <summary>A message that wants no reply enters the journal at its turn, and the next call carries it.</summary>
    private async Task NoteAsync(DbTransaction transaction, Message message, CancellationToken cancellationToken)
    {
        await journal.AppendAsync(
            transaction, message.Conversation, message.Id, EntryRole.User, SpeakerOf(message), message.Content, ruling: false, cancellationToken);
        await messages.ChangeAsync(
            transaction, message.Conversation, message.Id, new Change(MessageState.Consumed, Reason: "in the journal; no reply was wanted"), cancellationToken);
    }

    private static Task<Message?> HeadAsync(DbTransaction transaction, ConversationId conversation, CancellationToken cancellationToken) =>
        transaction.Command(
            $"""
            SELECT {Message.Columns}
            FROM messages
            WHERE conversation_id = @conversation
              AND message_id = (
                  SELECT m.message_id
                  FROM conversations c
                  JOIN messages m ON m.conversation_id = c.conversation_id
                  WHERE c.conversation_id = @conversation AND {IsHead})
            """)
            .With("@conversation", conversation.Value)
            .FirstAsync(Message.From, cancellationToken);

    /// <summary>The window as it will be once the message's entry stands in the journal, which on a repeated turn it does already.</summary>
    private async Task<ContextWindow> ProspectiveAsync(
        DbTransaction transaction, ContextWindow window, Message message, CancellationToken cancellationToken)
    {
        if (await Journal.HasEntryAsync(transaction.Connection!, message.Conversation, message.Id, EntryRole.User, cancellationToken))
            return window;
        return window.With(
            new Entry(long.MaxValue, EntryRole.User, SpeakerOf(message), message.Content, message.Content.Length, CoversThrough: null, clock.GetUtcNow()));
    }

    private async Task HoldForBudgetAsync(
        DbTransaction transaction, Message message, Budget.Leave.Denied denied, CancellationToken cancellationToken)
    {
        await messages.ChangeAsync(
            transaction, message.Conversation, message.Id,
            new Change(MessageState.Held, HoldCause.Budget.Word(), denied.Reason, denied.Until), cancellationToken);
        await holds.PageAsync(transaction, message, HoldCause.Budget, denied.Reason, cancellationToken);
        LogBudget(message.Id, denied.Reason);
    }

    private string SpeakerOf(Message message) =>
        message.Speaker == Speaker.Operator ? $"operator {settings.Current.Config.Operator.Name}" : message.Session.Value;

    [LoggerMessage(LogLevel.Error, "{MessageId} is held: {Reason}")]
    private partial void LogBudget(MessageId messageId, string reason);
}
