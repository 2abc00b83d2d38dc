using Relay.Advisor;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Turns;

/// <summary>Where a reply goes: into the journal always, and then to the session that asked, to other sessions it names, or to the
/// operator.</summary>
internal sealed partial class Replies(
    SettingsSource settings, FolderChannel folder, CarriedWatch carried, Database database, ILogger<Replies> log)
{
    /// <summary>A plain reply for a folder is staged before the commit that answers the message, which then records both: one commit less.
    /// The name of the file; null where the reply is of another kind, or others of the session's wait to be placed.</summary>
    public async Task<string?> StageAheadAsync(Claim claim, AdvisorOutcome outcome, CancellationToken cancellationToken)
    {
        if (outcome is not AdvisorOutcome.Replied replied || claim.Message is not { Channel: ReplyChannel.Folder } message)
            return null;
        var text = TextOf(replied);
        if (NeedsOperator(text, claim.Settings.Config.Operator) || ReplyParts.Names(text).Count > 0)
            return null;
        if (await database.ReadAsync(reading => Outbox.HasUnplacedAsync(reading, message.Session, cancellationToken), cancellationToken))
            return null;
        var id = Outbox.NewId(database.Clock.GetUtcNow());
        folder.Stage(id, Provenance.OfReply(text));
        await folder.SyncAsync();
        return id;
    }

    /// <summary>The commit it was staged for did not come.</summary>
    public void Discard(string staged) => folder.Discard(staged);

    public async Task RecordAsync(
        Writing writing, Claim claim, AdvisorOutcome.Replied replied, string? staged, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        var text = TextOf(replied);
        var entry = new NewEntry(message.Conversation, EntryRole.Assistant, "advisor", text) { Message = message.Id };
        var position = await Journal.AppendAsync(writing, entry, cancellationToken);
        if (!Printable.IsWellFormed(replied.Text))
            writing.OnceCommitted(() => LogNoText(message.Root));
        await Holds.ClearAsync(writing, message, cancellationToken);
        if (replied.Usage is { } usage)
            await carried.LookAsync(writing, claim, usage.TotalInput, cancellationToken);
        if (message.Origin is not null)
            await MessageStore.AnswerAsync(writing, message.Conversation, message.Id, position, reason: null, cancellationToken);
        if (NeedsOperator(text, claim.Settings.Config.Operator) // Whoever was asked: the operator's own words as well.
            && !await IsSecondQuestionAsync(writing, message, cancellationToken))
            await AskOperatorAsync(writing, message, QuestionKind.Escalation, text, cancellationToken);
        else if (message.Channel == ReplyChannel.Operator)
            await PageAsync(writing, message, position, text, cancellationToken);
        else
            await DispatchAsync(writing, message, position, text, staged, cancellationToken);
    }

    /// <summary>The operator spoke while a question was open, and the advisor asks again: a conversation waits for one answer, so these
    /// words come to the operator as the reply they are, and the question stays.</summary>
    private static async Task<bool> IsSecondQuestionAsync(Reading reading, Message message, CancellationToken cancellationToken) =>
        message is { Channel: ReplyChannel.Operator, Origin: null }
        && (await ConversationStore.FindAsync(reading, message.Conversation, cancellationToken))?.OpenQuestion is not null;

    private static async Task PageAsync(
        Writing writing, Message message, long position, string text, CancellationToken cancellationToken)
    {
        await MessageStore.AnswerAsync(writing, message.Conversation, message.Root, position, reason: null, cancellationToken);
        var page = new NewPage(PageCause.Reply(message.Id), "Relay: the advisor replies", Visible.Of(text), Priority: 3, "speech_balloon");
        await PageStore.QueueAsync(writing, page, cancellationToken);
    }

    public async Task RecordRefusalAsync(
        Writing writing, Claim claim, AdvisorOutcome.Refused refused, CancellationToken cancellationToken)
    {
        var message = claim.Message;
        await Journal.LeaveOutTurnAsync( // Sent along, it would have all later calls refused.
            writing, message.Conversation, claim.Position, "the advisor refused to answer the turn it was part of", cancellationToken);
        await Holds.ClearAsync(writing, message, cancellationToken);
        if (message.Speaker == Speaker.Operator)
        {
            var change = new Change(MessageState.Answered, Reason: "the advisor refused: " + refused.Explanation);
            await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);
        }
        if (message is { Channel: ReplyChannel.Operator, Origin: null })
        {
            var page = new NewPage(
                PageCause.Reply(message.Id), "Relay: the advisor refused", Visible.Of(refused.Explanation), Priority: 3, "no_entry");
            await PageStore.QueueAsync(writing, page, cancellationToken);
            return;
        }
        var isOwn = message.Channel == ReplyChannel.Operator;
        var text = $"The advisor refused to answer {(isOwn ? "you" : message.Session)}: {refused.Explanation}\n\n"
            + "Answer with other words, and they take the message's place; "
            + (isOwn ? "" : $"\"@{message.Session}: text\" answers the session yourself; ")
            + $"relay drop {message.Root} gives it up. What was refused is not sent again.";
        await AskOperatorAsync(writing, message, QuestionKind.Refusal, text, cancellationToken);
    }

    /// <summary>As it will be recorded: what is placed before the commit must not differ from it.</summary>
    private static string TextOf(AdvisorOutcome.Replied replied) =>
        WellFormed.Of(replied.StopReason == "max_tokens" ? replied.Text + "\n\n[cut: the reply reached max_tokens]" : replied.Text);

    /// <summary>By the token the advisor was told, whatever the configuration has become since.</summary>
    private static bool NeedsOperator(string text, OperatorConfig told) =>
        Characters.First(text, told.ScanChars).Contains(told.Token, StringComparison.Ordinal);

    private async Task DispatchAsync(
        Writing writing, Message message, long position, string text, string? staged, CancellationToken cancellationToken)
    {
        var known = await SessionStore.KnownAsync(writing, message.Conversation, ReplyParts.Names(text), cancellationToken);
        var parts = ReplyParts.Split(text, message.Session, known);
        var own = new NewReply(message.Conversation, position, message.Session, message.Channel, Provenance.OfReply(parts.Own))
        {
            Message = message.Root,
            StagedAs = staged,
        };
        await Outbox.EnqueueAsync(writing, own, cancellationToken);
        foreach (var (session, part) in parts.Others)
        {
            var channel = await SessionStore.ChannelAsync(writing, session, message.Conversation, cancellationToken);
            var other = new NewReply(message.Conversation, position, session, channel, Provenance.OfAdvisor(message, part));
            await Outbox.EnqueueAsync(writing, other, cancellationToken);
        }
        await MessageStore.AnswerAsync(writing, message.Conversation, message.Root, position, reason: null, cancellationToken);
        writing.OnceCommitted(() => LogAnswered(message.Root, message.Session, text.Length));
    }

    private async Task AskOperatorAsync(
        Writing writing, Message message, QuestionKind kind, string text, CancellationToken cancellationToken)
    {
        var asked = new NewQuestion(message.Conversation, message.Root, message.Session, kind, text);
        var question = await QuestionStore.OpenAsync(writing, asked, cancellationToken);
        var change = kind == QuestionKind.Escalation
            ? new Change(MessageState.Waiting, Reason: $"for the operator, question #{question.Id}")
            : new Change(MessageState.Held, HoldCause.Refusal, $"the advisor refused; question #{question.Id} asks the operator");
        await MessageStore.ChangeAsync(writing, message.Conversation, message.Root, change, cancellationToken);
        await QuestionPages.PageAsync(writing, question, settings.Current.Config.Operator.Token, cancellationToken);
        writing.OnceCommitted(() => LogEscalated(message.Root, message.Session, question.Id));
    }

    [LoggerMessage(LogLevel.Information, "Answered {MessageId} of {Session}, {Characters} characters")]
    private partial void LogAnswered(MessageId messageId, SessionId session, int characters);

    [LoggerMessage(LogLevel.Warning, "The reply to {Message} holds half a surrogate pair, which is no text: U+FFFD stands in its place")]
    private partial void LogNoText(MessageId message);

    [LoggerMessage(LogLevel.Warning, "{MessageId} of {Session} needs the operator: question {Question}")]
    private partial void LogEscalated(MessageId messageId, SessionId session, long question);
}
