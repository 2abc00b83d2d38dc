using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>Takes the operator's input, whether it comes from a file, the command line or HTTP. The first answer to a question counts;
/// later ones are refused with that reason.</summary>
internal sealed partial class Answers(SessionDirectory directory, Database database, SettingsSource settings, ILogger<Answers> log)
{
    /// <summary>Input that comes so soon after an answer is taken for a second answer to the same question.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(10);

    public abstract record Outcome
    {
        private Outcome() { }

        /// <summary>It answers a question: the advisor gets it as its next turn.</summary>
        public sealed record Accepted(long Question, SessionId Session) : Outcome;

        /// <summary>It went directly to a session. The question is the one that it settled, if one was open.</summary>
        public sealed record Direct(SessionId Session, long? Question) : Outcome;

        /// <summary>No question was open: the advisor gets it as its next turn, and the reply comes as a page.</summary>
        public sealed record Unasked : Outcome;

        /// <summary>Input with this key was taken before.</summary>
        public sealed record Repeated : Outcome;

        public sealed record Refused(string Reason) : Outcome;
    }

    public Task<Outcome> TakeAsync(OperatorInput input, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            var outcome = await TakeOnceAsync(writing, input, cancellationToken);
            writing.OnceCommitted(() => LogOutcome(outcome.GetType().Name, input.Via, input.Text.Length));
            return outcome;
        },
        cancellationToken);

    /// <summary>Records the key of the input in the same transaction. The key of refused input is not recorded.</summary>
    private async Task<Outcome> TakeOnceAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        if (input.Key is not null && await FactStore.FindAsync(writing, Taken(input.Key), cancellationToken) is not null)
            return new Outcome.Repeated();
        var outcome = await TakeAsync(writing, input, cancellationToken);
        if (input.Key is not null && outcome is not Outcome.Refused)
            await FactStore.AddAsync(writing, Taken(input.Key), "taken", cancellationToken);
        return outcome;
    }

    private static string Taken(string key) => "said:" + key;

    private async Task<Outcome> TakeAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(input.Text))
            return new Outcome.Refused("the answer is empty");
        return OperatorWords.Parse(input.Text) switch
        {
            OperatorWords.Refused refused => new Outcome.Refused(refused.Reason),
            OperatorWords.Direct direct => await SendAsync(writing, direct, input, cancellationToken),
            OperatorWords.Numbered numbered when input.Question is null =>
                await AnswerNumberedAsync(writing, numbered, input, cancellationToken),
            _ => await AnswerAsync(writing, input, cancellationToken),
        };
    }

    private static async Task<Outcome> AnswerNumberedAsync(
        Writing writing, OperatorWords.Numbered words, OperatorInput input, CancellationToken cancellationToken)
    {
        if (await QuestionStore.FindAsync(writing, words.Question, cancellationToken) is null)
            return await AnswerAsync(writing, input, cancellationToken);
        return words.Text.Length == 0
            ? new Outcome.Refused($"\"#{words.Question}\" is followed by no text")
            : await AnswerAsync(writing, input with { Question = words.Question, Text = words.Text }, cancellationToken);
    }

    private static async Task<Outcome> AnswerAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        if (input.Question is { } number)
            return await QuestionStore.FindAsync(writing, number, cancellationToken) is { } named
                ? await AnswerAsync(writing, named, input, cancellationToken)
                : new Outcome.Refused($"there is no question #{number}");
        return await QuestionStore.OpenAsync(writing, cancellationToken) switch
        {
            [] => await TakeUnaskedAsync(writing, input, cancellationToken),
            [var only] => await AnswerAsync(writing, only, input, cancellationToken),
            var several => new Outcome.Refused(
                $"several questions are open, say which: {string.Join(", ", several.Select(each => $"#{each.Id} of {each.Session}"))}"),
        };
    }

    private static async Task<Outcome> AnswerAsync(
        Writing writing, Question question, OperatorInput input, CancellationToken cancellationToken)
    {
        if (!question.IsOpen)
            return new Outcome.Refused(FirstAnswer(question));
        if (question.Kind == QuestionKind.Permission)
            return await DecideAsync(writing, question, input, cancellationToken);
        var raised = await MessageStore.FindAsync(writing, question.Conversation, question.Message!.Value, cancellationToken);
        var message = new NewMessage(
            question.Conversation, question.Session, Speaker.Operator, raised!.Channel,
            question.Message, $"answer:{question.Id}:{Guid.CreateVersion7(writing.Now)}", input.Text);
        var inserted = await MessageStore.InsertAsync(writing, message, cancellationToken);
        await CloseAsync(writing, question, new Answer(input.Via, input.Text, inserted!.Id), cancellationToken);
        return new Outcome.Accepted(question.Id, question.Session);
    }

    private static string FirstAnswer(Question question)
    {
        var at = FormattableString.Invariant($"{question.AnsweredAt:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        if (question.State == QuestionState.Expired)
            return $"question #{question.Id} expired at {at}: {question.AnsweredVia}";
        return $"question #{question.Id} was answered by {question.AnsweredVia} at {at}; the first answer stands";
    }

    private static async Task<Outcome> DecideAsync(
        Writing writing, Question question, OperatorInput input, CancellationToken cancellationToken)
    {
        if (PermissionWords.Of(input.Text) == PermissionWords.Word.Unclear)
            return new Outcome.Refused($"question #{question.Id} is about a permission: answer allow, or deny with a reason");
        await CloseAsync(writing, question, new Answer(input.Via, input.Text, Message: null), cancellationToken);
        return new Outcome.Accepted(question.Id, question.Session);
    }

    /// <summary>Takes input while no question is open. Soon after an answer the input was most likely meant for the same question,
    /// so it is refused: as a turn of its own it would cost a call, and the advisor would follow it as a second answer.</summary>
    private static async Task<Outcome> TakeUnaskedAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        var newest = await QuestionStore.NewestAnsweredAsync(writing, cancellationToken);
        if (newest?.AnsweredAt is { } at && writing.Now - at < Late)
            return new Outcome.Refused("no question is open: " + FirstAnswer(newest));
        if (input.Key is null || !input.UnaskedWelcome)
            return new Outcome.Refused("no question is open");
        await ConversationStore.KnowAsync(writing, SessionDirectory.Default, cancellationToken);
        var words = new NewMessage(
            SessionDirectory.Default, SessionId.None, Speaker.Operator, ReplyChannel.Operator, Origin: null, input.Key, input.Text);
        await MessageStore.InsertAsync(writing, words, cancellationToken);
        return new Outcome.Unasked();
    }

    private async Task<Outcome> SendAsync(
        Writing writing, OperatorWords.Direct words, OperatorInput input, CancellationToken cancellationToken)
    {
        if (directory.ConversationOf(words.Session) is not { } conversation)
            return new Outcome.Refused($"there is no session \"{words.Session}\"");
        var open = await QuestionStore.OpenAsync(writing, cancellationToken);
        var cleared = open.Find(question => question.Kind != QuestionKind.Permission
            && (input.Question is null ? question.Conversation == conversation : question.Id == input.Question));
        if (input.Question is not null && cleared is null)
            return new Outcome.Refused($"question #{input.Question} is not open");
        var position = await DeliverAsync(writing, conversation, words, input, cleared, cancellationToken);
        if (cleared is not null)
            await ClearAsync(writing, cleared, words.Session, position, input, cancellationToken);
        return new Outcome.Direct(words.Session, cleared?.Id);
    }

    /// <summary>Writes the words into the journal, as a ruling, and queues them for the session.</summary>
    /// <returns>The position of the entry in the journal.</returns>
    private async Task<long> DeliverAsync(
        Writing writing, ConversationId conversation, OperatorWords.Direct words, OperatorInput input, Question? cleared,
        CancellationToken cancellationToken)
    {
        var channel = await SessionStore.ChannelAsync(writing, words.Session, conversation, cancellationToken);
        var name = $"operator {settings.Current.Config.Operator.Name}";
        var entry = new NewEntry(conversation, EntryRole.User, name, input.Text) { IsRuling = true };
        var position = await Journal.AppendAsync(writing, entry, cancellationToken);
        var reply = new NewReply(conversation, position, words.Session, channel, words.Text)
        {
            Message = cleared is not null && cleared.Session == words.Session ? cleared.Message : null,
        };
        await Outbox.EnqueueAsync(writing, reply, cancellationToken);
        return position;
    }

    private static async Task ClearAsync(
        Writing writing, Question cleared, SessionId session, long position, OperatorInput input, CancellationToken cancellationToken)
    {
        await CloseAsync(writing, cleared, new Answer(input.Via, input.Text, Message: null), cancellationToken);
        if (cleared.Session == session)
            await MessageStore.AnswerAsync(
                writing, cleared.Conversation, cleared.Message!.Value, position, "by the operator, directly", cancellationToken);
        else
            await MessageStore.ChangeAsync(
                writing, cleared.Conversation, cleared.Message!.Value,
                new Change(MessageState.Dead, Reason: $"the operator answered {session} directly instead"), cancellationToken);
    }

    private static async Task CloseAsync(Writing writing, Question question, Answer answer, CancellationToken cancellationToken)
    {
        if (!await QuestionStore.CloseAsync(writing, question, answer, cancellationToken))
            throw new LostRaceException($"question #{question.Id} was answered in the same instant");
        await PageStore.ClearAsync(writing, PageCause.Question(question.Id), cancellationToken);
        if (answer.Message is not null && question.Message is { } raiser)
            await MessageStore.NoteAsync(
                writing, question.Conversation, raiser,
                new MessageNote(MessageState.Waiting.Word(), $"question #{question.Id} was answered by {answer.Via}"), cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "The operator's words by {Via}, {Characters} characters: {Outcome}")]
    private partial void LogOutcome(string outcome, string via, int characters);
}

/// <summary>What the operator has entered.</summary>
/// <param name="Text">The text, unchanged.</param>
/// <param name="Question">The number of the question that it answers; null for the only open one.</param>
/// <param name="Via">How it came: the name of a file, or "the command line".</param>
/// <param name="Key">Input with a key that was seen before is ignored.</param>
/// <param name="UnaskedWelcome">Whether it becomes a turn of its own when no question is open. Otherwise it is refused then.</param>
internal sealed record OperatorInput(string Text, long? Question, string Via, string? Key, bool UnaskedWelcome);
