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
        if (outcome is not AdvisorOutcome.Replied replied
            || claim.Message is not { Channel: ReplyChannel.Folder, Speaker: Speaker.Session } message)
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
        var asked = NewQuestionOf(message, text, claim.Settings.Config.Operator); // Whoever spoke: the operator as well.
        if (message.IsOpinion)
        {
            await OpineAsync(writing, message, position, text, cancellationToken);
            return;
        }
        if (asked is null)
            await Citations.RecordAsync(writing, message, position, text, cancellationToken);
        else if (await ConversationStore.FindAsync(writing, message.Conversation, cancellationToken) is { OpenQuestion: not null })
            asked = null; // Words beside the open question: a second one has to wait until that is answered, and is read as a reply.
        if (asked is not null)
            await AskOperatorAsync(writing, message, asked, cancellationToken);
        else if (message.Channel == ReplyChannel.Operator)
            await PageAsync(writing, message, position, text, cancellationToken);
        else
            await DispatchAsync(writing, message, position, text, staged, cancellationToken);
    }

    /// <summary>Who asked for it reads it in the journal, and says whether it settles anything. What the advisor says to others goes to
    /// them.</summary>
    private static async Task OpineAsync(
        Writing writing, Message message, long position, string text, CancellationToken cancellationToken)
    {
        await SendPartsAsync(writing, message, position, await SplitAsync(writing, message, text, cancellationToken), cancellationToken);
        await MessageStore.AnswerAsync(writing, message.Conversation, message.Id, position, reason: null, cancellationToken);
    }

    public static async Task<ReplyParts> SplitAsync(Reading reading, Message message, string text, CancellationToken cancellationToken) =>
        ReplyParts.Split(
            text, message.Session,
            await SessionStore.KnownAsync(reading, message.Conversation, ReplyParts.Names(text), cancellationToken));

    private static async Task SendPartsAsync(
        Writing writing, Message message, long position, ReplyParts parts, CancellationToken cancellationToken)
    {
        foreach (var (session, part) in parts.Others)
        {
            var channel = await SessionStore.ChannelAsync(writing, session, message.Conversation, cancellationToken);
            var other = new NewReply(message.Conversation, position, session, channel, Provenance.OfAdvisor(message, part));
            await Outbox.EnqueueAsync(writing, other, cancellationToken);
        }
    }

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
        if (message.Speaker == Speaker.Operator || message.IsOpinion)
        {
            var change = new Change(MessageState.Answered, Reason: "the advisor refused: " + refused.Explanation);
            await MessageStore.ChangeAsync(writing, message.Conversation, message.Id, change, cancellationToken);
        }
        if (message.IsOpinion)
            return; // The operator is asked for what it was about.
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
        var asked = new NewQuestion(message.Conversation, message.Root, message.Session, QuestionKind.Refusal, text);
        await AskOperatorAsync(writing, message, asked, cancellationToken);
    }

    /// <summary>As it will be recorded: what is placed before the commit must not differ from it.</summary>
    private static string TextOf(AdvisorOutcome.Replied replied) =>
        WellFormed.Of(replied.StopReason == "max_tokens" ? replied.Text + "\n\n[cut: the reply reached max_tokens]" : replied.Text);

    /// <summary>By the token the advisor was told, whatever the configuration has become since.</summary>
    private static bool NeedsOperator(string text, OperatorConfig told) =>
        EscalationToken.Find(text, told.Token, told.ScanChars) is not null;

    /// <summary>Null when the reply asks for nobody.</summary>
    private static NewQuestion? NewQuestionOf(Message message, string text, OperatorConfig told) => NeedsOperator(text, told)
        ? new NewQuestion(message.Conversation, message.Root, message.Session, QuestionKind.Escalation, text)
        {
            Escalation = Escalation.Parse(text, told.Token),
        }
        : null;

    private async Task DispatchAsync(
        Writing writing, Message message, long position, string text, string? staged, CancellationToken cancellationToken)
    {
        var parts = await SplitAsync(writing, message, text, cancellationToken);
        var overturned = message.Origin is { } origin
            && await MessageStore.FindAsync(writing, message.Conversation, origin, cancellationToken) is { Speaker: Speaker.Operator } words
                ? words with { Session = SessionId.None }
                : null; // The session has had its reply, and did not ask for this one.
        var ownText = overturned is null ? Provenance.OfReply(parts.Own) : Provenance.OfAdvisor(overturned, parts.Own);
        var own = new NewReply(message.Conversation, position, message.Session, message.Channel, ownText)
        {
            Message = overturned is null ? message.Root : null,
            StagedAs = staged,
        };
        await Outbox.EnqueueAsync(writing, own, cancellationToken);
        await SendPartsAsync(writing, message, position, parts, cancellationToken);
        await MessageStore.AnswerAsync(writing, message.Conversation, message.Root, position, reason: null, cancellationToken);
        writing.OnceCommitted(() => LogAnswered(message.Root, message.Session, text.Length));
    }

    private async Task AskOperatorAsync(
        Writing writing, Message message, NewQuestion asked, CancellationToken cancellationToken)
    {
        var question = await QuestionStore.OpenAsync(writing, asked, cancellationToken);
        var change = asked.Kind == QuestionKind.Escalation
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
