using System.Data.Common;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>The last transaction of a turn: the ledger row, and what the outcome means for the message, the journal, the outbox and the operator.</summary>
internal sealed partial class TurnEnd(
    TurnStores stores, Ledger ledger, HoldPages holds, Database database, SettingsSource settings, TimeProvider clock, ILogger<TurnEnd> log)
{
    /// <summary>Empty replies to one message before somebody is asked.</summary>
    private const int EmptyRepliesAllowed = 3;

    /// <summary>False when the claim was stale: another has taken the conversation since, and nothing but the cost was recorded.</summary>
    public Task<bool> CommitAsync(Claim claim, AdvisorOutcome outcome, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                await ledger.FinishAsync(transaction, claim.Ledger, outcome.ToFinishedCall(), cancellationToken);
                if (await EpochAsync(transaction, claim.Message.Conversation, cancellationToken) != claim.Epoch)
                    return false;
                await RecordAsync(transaction, claim, outcome, cancellationToken);
                return true;
            },
            cancellationToken);

    /// <summary>After a window that was too long: what came of shortening it. The message was given back to be asked again in the meantime.</summary>
    public Task CommitAsync(Claim claim, AdvisorOutcome.ContextExceeded exceeded, Shortening shortening, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                var message = await MessageStore.FindAsync(transaction.Connection!, claim.Message.Conversation, claim.Message.Id, cancellationToken);
                if (message?.State != MessageState.Accepted)
                    return;
                if (shortening is Shortening.Impossible)
                    await HoldAsync(transaction, claim, HoldCause.Context, exceeded.Reason, cancellationToken);
                else if (shortening is Shortening.Failed failed)
                    await DeferAsync(transaction, message, message.Attempts, new AdvisorOutcome.Deferred(failed.Reason, RetryAfter: null), cancellationToken);
            },
            cancellationToken);

    private Task RecordAsync(DbTransaction transaction, Claim claim, AdvisorOutcome outcome, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        return outcome switch
        {
            AdvisorOutcome.Replied replied => ReplyAsync(transaction, claim, replied, cancellationToken),
            AdvisorOutcome.Refused refused => AskAboutRefusalAsync(transaction, message, refused, cancellationToken),
            AdvisorOutcome.Empty => RecordEmptyAsync(transaction, claim, cancellationToken),
            AdvisorOutcome.Deferred deferred => DeferAsync(transaction, message, message.Attempts + 1, deferred, cancellationToken),
            AdvisorOutcome.Held held => HoldAsync(transaction, claim, held.Cause, held.Reason, cancellationToken),
            AdvisorOutcome.ContextExceeded exceeded => ChangeAsync(
                transaction, message, new Change(MessageState.Accepted, Reason: exceeded.Reason, DueAt: clock.GetUtcNow()), cancellationToken),
            _ => throw new InvalidOperationException($"an outcome nobody thought of: {outcome.GetType().Name}"),
        };
    }

    private async Task ReplyAsync(DbTransaction transaction, Claim claim, AdvisorOutcome.Replied replied, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        var text = replied.StopReason == "max_tokens" ? replied.Text + "\n\n[cut: the reply reached max_tokens]" : replied.Text;
        var position = await stores.Journal.AppendAsync(
            transaction, message.Conversation, message.Id, EntryRole.Assistant, "advisor", text, ruling: false, cancellationToken);
        await holds.ClearAsync(transaction, message, cancellationToken);
        if (message.Speaker == Speaker.Operator)
            await ChangeAsync(transaction, message, new Change(MessageState.Answered), cancellationToken);
        if (message.Channel == ReplyChannel.Operator)
            await stores.Pages.QueueAsync(transaction, new NewPage($"reply:{message.Id}", "Relay: the advisor replies", text, Priority: 3, "speech_balloon"), cancellationToken);
        else if (NeedsOperator(text, claim.Settings.Config.Operator))
            await EscalateAsync(transaction, message, QuestionKind.Escalation, text, cancellationToken);
        else
            await DispatchAsync(transaction, message, position, text, cancellationToken);
    }

    /// <summary>By the token the advisor was told, whatever the configuration has become since.</summary>
    private static bool NeedsOperator(string text, OperatorConfig told) =>
        text.AsSpan(0, Math.Min(text.Length, told.ScanChars)).Contains(told.Token, StringComparison.Ordinal);

    private async Task DispatchAsync(DbTransaction transaction, Message message, long position, string text, CancellationToken cancellationToken)
    {
        var parts = ReplyParts.Split(text, message.Session, await SessionStore.NamesAsync(transaction.Connection!, message.Conversation, cancellationToken));
        await stores.Outbox.EnqueueAsync(
            transaction, message.Conversation, message.Root, position, message.Session, message.Channel, parts.Own, cancellationToken);
        foreach (var (session, part) in parts.Others)
        {
            var channel = await stores.Sessions.ChannelAsync(transaction, session, message.Conversation, cancellationToken);
            await stores.Outbox.EnqueueAsync(transaction, message.Conversation, message: null, position, session, channel, part, cancellationToken);
        }
        await stores.Messages.ChangeAsync(transaction, message.Conversation, message.Root, new Change(MessageState.Answered), cancellationToken);
        LogAnswered(message.Root, message.Session, text.Length);
    }

    private async Task EscalateAsync(DbTransaction transaction, Message message, QuestionKind kind, string text, CancellationToken cancellationToken)
    {
        var question = await stores.Questions.OpenAsync(
            transaction, message.Conversation, message.Root, message.Session, kind, text, cancellationToken);
        var change = kind == QuestionKind.Escalation
            ? new Change(MessageState.Waiting, Reason: $"for the operator, question #{question}")
            : new Change(MessageState.Held, HoldCause.Refusal.Word(), $"the advisor refused; question #{question} asks the operator");
        await stores.Messages.ChangeAsync(transaction, message.Conversation, message.Root, change, cancellationToken);
        var title = $"{settings.Current.Config.Operator.Token} {message.Session} asks (#{question})";
        await stores.Pages.QueueAsync(
            transaction, new NewPage(PageCause.Question(question), title, text, Priority: 5, "question"), cancellationToken);
        LogEscalated(message.Root, message.Session, question);
    }

    private async Task AskAboutRefusalAsync(DbTransaction transaction, Message message, AdvisorOutcome.Refused refused, CancellationToken cancellationToken)
    {
        await holds.ClearAsync(transaction, message, cancellationToken);
        if (message.Speaker == Speaker.Operator)
            await ChangeAsync(transaction, message, new Change(MessageState.Answered, Reason: "the advisor refused: " + refused.Explanation), cancellationToken);
        if (message.Channel == ReplyChannel.Operator)
        {
            await stores.Pages.QueueAsync(
                transaction, new NewPage($"reply:{message.Id}", "Relay: the advisor refused", refused.Explanation, Priority: 3, "no_entry"), cancellationToken);
            return;
        }
        var text = $"The advisor refused to answer {message.Session}: {refused.Explanation}\n\nYour answer is its next turn; \"@{message.Session}: text\" answers the session yourself.";
        await EscalateAsync(transaction, message, QuestionKind.Refusal, text, cancellationToken);
    }

    private async Task RecordEmptyAsync(DbTransaction transaction, Claim claim, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        var empties = await Ledger.EmptyRepliesAsync(transaction, message.Conversation, message.Root, cancellationToken);
        if (empties < EmptyRepliesAllowed)
            await DeferAsync(transaction, message, message.Attempts + 1, new AdvisorOutcome.Deferred("the reply was empty", RetryAfter: null), cancellationToken);
        else
            await HoldAsync(transaction, claim, HoldCause.Empty, $"the advisor has answered nothing {empties} times", cancellationToken);
    }

    private async Task DeferAsync(
        DbTransaction transaction, Message message, int attempt, AdvisorOutcome.Deferred deferred, CancellationToken cancellationToken)
    {
        var delay = Backoff.Delay(attempt, deferred.RetryAfter, Random.Shared.NextDouble());
        await ChangeAsync(transaction, message, new Change(MessageState.Deferred, Reason: deferred.Reason, DueAt: clock.GetUtcNow() + delay), cancellationToken);
        LogDeferred(message.Id, attempt, delay.TotalSeconds, deferred.Reason);
    }

    private async Task HoldAsync(DbTransaction transaction, Claim claim, HoldCause cause, string reason, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        if (!ReferenceEquals(claim.Settings, settings.Current))
        {
            // What was mended during the call released the holds before this one stood; nothing would release it later.
            await ChangeAsync(transaction, message, new Change(MessageState.Accepted, Reason: reason, DueAt: clock.GetUtcNow()), cancellationToken);
            return;
        }
        await ChangeAsync(transaction, message, new Change(MessageState.Held, cause.Word(), reason), cancellationToken);
        await holds.PageAsync(transaction, message, cause, reason, cancellationToken);
        LogHeld(message.Id, cause, reason);
    }

    private Task ChangeAsync(DbTransaction transaction, Message message, Change change, CancellationToken cancellationToken) =>
        stores.Messages.ChangeAsync(transaction, message.Conversation, message.Id, change, cancellationToken);

    private static Task<long> EpochAsync(DbTransaction transaction, ConversationId conversation, CancellationToken cancellationToken) =>
        transaction.Command("SELECT claim_epoch FROM conversations WHERE conversation_id = @conversation")
            .With("@conversation", conversation.Value)
            .NumberAsync(cancellationToken);

    [LoggerMessage(LogLevel.Information, "Answered {MessageId} of {Session}, {Characters} characters")]
    private partial void LogAnswered(MessageId messageId, SessionId session, int characters);

    [LoggerMessage(LogLevel.Warning, "{MessageId} of {Session} needs the operator: question {Question}")]
    private partial void LogEscalated(MessageId messageId, SessionId session, long question);

    [LoggerMessage(LogLevel.Warning, "{MessageId} deferred after attempt {Attempt}, again in {Seconds} s: {Reason}")]
    private partial void LogDeferred(MessageId messageId, int attempt, double seconds, string reason);

    [LoggerMessage(LogLevel.Error, "{MessageId} is held, {Cause}: {Reason}")]
    private partial void LogHeld(MessageId messageId, HoldCause cause, string reason);
}

/// <summary>The tables the end of a turn touches, all in one transaction.</summary>
internal sealed record TurnStores(MessageStore Messages, SessionStore Sessions, Journal Journal, Outbox Outbox, QuestionStore Questions, PageStore Pages);
