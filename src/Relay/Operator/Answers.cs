using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Takes what the operator says, by whatever way it came. The first answer to a question wins and later ones are told so.</summary>
internal sealed partial class Answers(
    OperatorStores stores, SessionDirectory directory, Database database, SettingsSource settings, Signals signals, ILogger<Answers> log)
{
    public abstract record Outcome
    {
        private Outcome() { }

        /// <summary>The answer is the advisor's next turn.</summary>
        public sealed record Accepted(long Question, SessionId Session) : Outcome;

        /// <summary>It went straight to the session; the question it cleared, if one was open.</summary>
        public sealed record Direct(SessionId Session, long? Question) : Outcome;

        /// <summary>No question was open: the words are the advisor's next turn and its reply comes as a page.</summary>
        public sealed record Unasked : Outcome;

        /// <summary>These very words were taken before.</summary>
        public sealed record Repeated : Outcome;

        public sealed record Refused(string Reason) : Outcome;
    }

    /// <param name="text">The operator's words, kept as they are.</param>
    /// <param name="question">Which question they answer; null for the only open one.</param>
    /// <param name="via">The way they came, for the record: file, command line, page, web.</param>
    /// <param name="unaskedKey">Where words without an open question are welcome: the key under which a repetition is dropped. Null refuses them.</param>
    public async Task<Outcome> TakeAsync(string text, long? question, string via, string? unaskedKey, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(text))
            return new Outcome.Refused("the answer is empty");
        var words = OperatorWords.Parse(text);
        var outcome = await database.WriteAsync(
            transaction => words switch
            {
                OperatorWords.Refused refused => Task.FromResult<Outcome>(new Outcome.Refused(refused.Reason)),
                OperatorWords.Direct direct => SendAsync(transaction, direct, text, question, via, cancellationToken),
                OperatorWords.Numbered numbered when question is null => AnswerNumberedAsync(transaction, numbered, text, via, unaskedKey, cancellationToken),
                _ => AnswerAsync(transaction, text, question, via, unaskedKey, cancellationToken),
            },
            cancellationToken);
        signals.Work.Set();
        signals.Dispatch.Set();
        signals.Status.Set();
        LogOutcome(outcome.GetType().Name, via, text.Length);
        return outcome;
    }

    private async Task<Outcome> AnswerNumberedAsync(
        DbTransaction transaction, OperatorWords.Numbered words, string text, string via, string? unaskedKey, CancellationToken cancellationToken)
    {
        var exists = await stores.Questions.FindAsync(transaction.Connection!, words.Question, cancellationToken) is not null;
        if (exists && words.Text.Length == 0)
            return new Outcome.Refused($"\"#{words.Question}\" is followed by no text");
        return exists
            ? await AnswerAsync(transaction, words.Text, words.Question, via, unaskedKey, cancellationToken)
            : await AnswerAsync(transaction, text, question: null, via, unaskedKey, cancellationToken);
    }

    private async Task<Outcome> AnswerAsync(
        DbTransaction transaction, string text, long? number, string via, string? unaskedKey, CancellationToken cancellationToken)
    {
        var open = await stores.Questions.OpenAsync(transaction.Connection!, cancellationToken);
        if (number is null && open.Count == 0)
            return unaskedKey is null
                ? new Outcome.Refused("no question is open")
                : await TakeUnaskedAsync(transaction, text, unaskedKey, cancellationToken);
        if (number is null && open.Count > 1)
            return new Outcome.Refused($"several questions are open, say which: {string.Join(", ", open.Select(each => $"#{each.Id} of {each.Session}"))}");
        var question = number is null ? open[0] : await stores.Questions.FindAsync(transaction.Connection!, number.Value, cancellationToken);
        if (question is null)
            return new Outcome.Refused($"there is no question #{number}");
        if (!question.IsOpen)
            return new Outcome.Refused(
                FormattableString.Invariant($"question #{question.Id} was answered by {question.AnsweredVia} at {question.AnsweredAt:yyyy-MM-dd'T'HH:mm:ss'Z'}; the first answer stands"));
        var raised = await stores.Messages.FindAsync(transaction.Connection!, question.Conversation, question.Message, cancellationToken);
        var answer = new NewMessage(
            question.Conversation, question.Session, Speaker.Operator, raised!.Channel, question.Message, $"answer:{question.Id}", text);
        var id = await stores.Messages.InsertAsync(transaction, answer, cancellationToken);
        await CloseAsync(transaction, question, via, text, id, cancellationToken);
        return new Outcome.Accepted(question.Id, question.Session);
    }

    private async Task<Outcome> TakeUnaskedAsync(DbTransaction transaction, string text, string key, CancellationToken cancellationToken)
    {
        await stores.Sessions.KnowConversationAsync(transaction, SessionDirectory.Default, cancellationToken);
        var words = new NewMessage(SessionDirectory.Default, SessionId.None, Speaker.Operator, ReplyChannel.Operator, Origin: null, key, text);
        return await stores.Messages.InsertAsync(transaction, words, cancellationToken) is null ? new Outcome.Repeated() : new Outcome.Unasked();
    }

    private async Task<Outcome> SendAsync(
        DbTransaction transaction, OperatorWords.Direct words, string text, long? number, string via, CancellationToken cancellationToken)
    {
        if (directory.ConversationOf(words.Session) is not { } conversation)
            return new Outcome.Refused($"there is no session \"{words.Session}\"");
        var open = await stores.Questions.OpenAsync(transaction.Connection!, cancellationToken);
        var cleared = open.Find(question => number is null ? question.Conversation == conversation : question.Id == number);
        if (number is not null && cleared is null)
            return new Outcome.Refused($"question #{number} is not open");
        var channel = await stores.Sessions.ChannelAsync(transaction, words.Session, conversation, cancellationToken);
        var position = await stores.Journal.AppendAsync(
            transaction, conversation, message: null, EntryRole.User, $"operator {settings.Current.Config.Operator.Name}", text, ruling: true, cancellationToken);
        var answers = cleared is not null && cleared.Session == words.Session ? cleared.Message : (MessageId?)null;
        await stores.Outbox.EnqueueAsync(transaction, conversation, answers, position, words.Session, channel, words.Text, cancellationToken);
        if (cleared is not null)
        {
            await CloseAsync(transaction, cleared, via, text, asMessage: null, cancellationToken);
            var change = answers is null
                ? new Change(MessageState.Dead, Reason: $"the operator answered {words.Session} directly instead")
                : new Change(MessageState.Answered, Reason: "by the operator, directly");
            await stores.Messages.ChangeAsync(transaction, cleared.Conversation, cleared.Message, change, cancellationToken);
        }
        return new Outcome.Direct(words.Session, cleared?.Id);
    }

    private async Task CloseAsync(
        DbTransaction transaction, Question question, string via, string answer, MessageId? asMessage, CancellationToken cancellationToken)
    {
        await stores.Questions.CloseAsync(transaction, question, via, answer, asMessage, cancellationToken);
        await stores.Pages.ClearAsync(transaction, PageCause.Question(question.Id), cancellationToken);
        if (asMessage is not null)
            await stores.Messages.NoteAsync(
                transaction, question.Conversation, question.Message, "waiting", $"question #{question.Id} was answered by {via}", cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "The operator's words by {Via}, {Characters} characters: {Outcome}")]
    private partial void LogOutcome(string outcome, string via, int characters);
}

/// <summary>The tables an answer touches, all in one transaction.</summary>
internal sealed record OperatorStores(
    QuestionStore Questions, MessageStore Messages, SessionStore Sessions, Journal Journal, Outbox Outbox, PageStore Pages);
