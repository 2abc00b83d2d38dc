using System.Data.Common;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Takes what the operator says, by whatever way it came. The first answer to a question wins and later ones are told so.</summary>
internal sealed partial class Answers(
    OperatorStores stores, SessionDirectory directory, Database database, SettingsSource settings, Signals signals, TimeProvider clock, ILogger<Answers> log)
{
    /// <summary>How long after an answer further words are taken for a late one.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(10);

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

    public async Task<Outcome> TakeAsync(Said said, CancellationToken cancellationToken)
    {
        var outcome = await database.WriteAsync(
            async transaction =>
            {
                if (said.Key is not null && await WasTakenAsync(transaction, said.Key, cancellationToken))
                    return new Outcome.Repeated();
                var result = await UnderstandAsync(transaction, said, cancellationToken);
                if (said.Key is not null && result is not Outcome.Refused)
                    await NoteTakenAsync(transaction, said.Key, cancellationToken);
                return result;
            },
            cancellationToken);
        signals.Work.Set();
        signals.Dispatch.Set();
        signals.Status.Set();
        LogOutcome(outcome.GetType().Name, said.Via, said.Text.Length);
        return outcome;
    }

    private async Task<Outcome> UnderstandAsync(DbTransaction transaction, Said said, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(said.Text))
            return new Outcome.Refused("the answer is empty");
        return OperatorWords.Parse(said.Text) switch
        {
            OperatorWords.Refused refused => new Outcome.Refused(refused.Reason),
            OperatorWords.Direct direct => await SendAsync(transaction, direct, said, cancellationToken),
            OperatorWords.Numbered numbered when said.Question is null => await AnswerNumberedAsync(transaction, numbered, said, cancellationToken),
            _ => await AnswerAsync(transaction, said, cancellationToken),
        };
    }

    private async Task<Outcome> AnswerNumberedAsync(
        DbTransaction transaction, OperatorWords.Numbered words, Said said, CancellationToken cancellationToken)
    {
        if (await QuestionStore.FindAsync(transaction.Connection!, words.Question, cancellationToken) is null)
            return await AnswerAsync(transaction, said, cancellationToken);
        return words.Text.Length == 0
            ? new Outcome.Refused($"\"#{words.Question}\" is followed by no text")
            : await AnswerAsync(transaction, said with { Question = words.Question, Text = words.Text }, cancellationToken);
    }

    private async Task<Outcome> AnswerAsync(DbTransaction transaction, Said said, CancellationToken cancellationToken)
    {
        var number = said.Question;
        var open = await QuestionStore.OpenAsync(transaction.Connection!, cancellationToken);
        if (number is null && open.Count == 0 && await LateForAsync(transaction, cancellationToken) is { } answered)
            return new Outcome.Refused("no question is open: " + FirstAnswer(answered));
        if (number is null && open.Count == 0)
            return said.Key is not null && said.UnaskedWelcome
                ? await TakeUnaskedAsync(transaction, said.Text, said.Key, cancellationToken)
                : new Outcome.Refused("no question is open");
        if (number is null && open.Count > 1)
            return new Outcome.Refused($"several questions are open, say which: {string.Join(", ", open.Select(each => $"#{each.Id} of {each.Session}"))}");
        var question = number is null ? open[0] : await QuestionStore.FindAsync(transaction.Connection!, number.Value, cancellationToken);
        if (question is null)
            return new Outcome.Refused($"there is no question #{number}");
        if (!question.IsOpen)
            return new Outcome.Refused(FirstAnswer(question));
        if (question.Kind == QuestionKind.Permission)
            return await DecideAsync(transaction, question, said, cancellationToken);
        var raised = await MessageStore.FindAsync(transaction.Connection!, question.Conversation, question.Message!.Value, cancellationToken);
        var answer = new NewMessage(
            question.Conversation, question.Session, Speaker.Operator, raised!.Channel, question.Message, $"answer:{question.Id}", said.Text);
        var id = await stores.Messages.InsertAsync(transaction, answer, cancellationToken);
        await CloseAsync(transaction, question, said, id, cancellationToken);
        return new Outcome.Accepted(question.Id, question.Session);
    }

    /// <summary>The question that words without one most likely meant: answered by another way a moment ago. Taken as words of their own
    /// they would cost a call and be followed as a second answer.</summary>
    private async Task<Question?> LateForAsync(DbTransaction transaction, CancellationToken cancellationToken) =>
        await QuestionStore.NewestAnsweredAsync(transaction.Connection!, cancellationToken) is { AnsweredAt: { } at } newest && clock.GetUtcNow() - at < Late ? newest : null;

    private static string FirstAnswer(Question question) =>
        FormattableString.Invariant($"question #{question.Id} was answered by {question.AnsweredVia} at {question.AnsweredAt:yyyy-MM-dd'T'HH:mm:ss'Z'}; the first answer stands");

    private async Task<Outcome> DecideAsync(DbTransaction transaction, Question question, Said said, CancellationToken cancellationToken)
    {
        if (PermissionWords.Of(said.Text) == PermissionWords.Word.Unclear)
            return new Outcome.Refused($"question #{question.Id} is about a permission: answer allow, or deny with a reason");
        await CloseAsync(transaction, question, said, asMessage: null, cancellationToken);
        return new Outcome.Accepted(question.Id, question.Session);
    }

    private async Task<Outcome> TakeUnaskedAsync(DbTransaction transaction, string text, string key, CancellationToken cancellationToken)
    {
        await stores.Sessions.KnowConversationAsync(transaction, SessionDirectory.Default, cancellationToken);
        var words = new NewMessage(SessionDirectory.Default, SessionId.None, Speaker.Operator, ReplyChannel.Operator, Origin: null, key, text);
        await stores.Messages.InsertAsync(transaction, words, cancellationToken);
        return new Outcome.Unasked();
    }

    private async Task<Outcome> SendAsync(
        DbTransaction transaction, OperatorWords.Direct words, Said said, CancellationToken cancellationToken)
    {
        var number = said.Question;
        if (directory.ConversationOf(words.Session) is not { } conversation)
            return new Outcome.Refused($"there is no session \"{words.Session}\"");
        var open = await QuestionStore.OpenAsync(transaction.Connection!, cancellationToken);
        var cleared = open.Find(question => question.Kind != QuestionKind.Permission && (number is null ? question.Conversation == conversation : question.Id == number));
        if (number is not null && cleared is null)
            return new Outcome.Refused($"question #{number} is not open");
        var channel = await stores.Sessions.ChannelAsync(transaction, words.Session, conversation, cancellationToken);
        var position = await stores.Journal.AppendAsync(
            transaction, conversation, message: null, EntryRole.User, $"operator {settings.Current.Config.Operator.Name}", said.Text, ruling: true, cancellationToken);
        var answers = cleared is not null && cleared.Session == words.Session ? cleared.Message : null;
        await stores.Outbox.EnqueueAsync(transaction, conversation, answers, position, words.Session, channel, words.Text, cancellationToken);
        if (cleared is not null)
        {
            await CloseAsync(transaction, cleared, said, asMessage: null, cancellationToken);
            var change = answers is null
                ? new Change(MessageState.Dead, Reason: $"the operator answered {words.Session} directly instead")
                : new Change(MessageState.Answered, Reason: "by the operator, directly");
            await stores.Messages.ChangeAsync(transaction, cleared.Conversation, cleared.Message!.Value, change, cancellationToken);
        }
        return new Outcome.Direct(words.Session, cleared?.Id);
    }

    private async Task CloseAsync(
        DbTransaction transaction, Question question, Said said, MessageId? asMessage, CancellationToken cancellationToken)
    {
        await stores.Questions.CloseAsync(transaction, question, said.Via, said.Text, asMessage, cancellationToken);
        await stores.Pages.ClearAsync(transaction, PageCause.Question(question.Id), cancellationToken);
        if (asMessage is not null && question.Message is { } raiser)
            await stores.Messages.NoteAsync(
                transaction, question.Conversation, raiser, "waiting", $"question #{question.Id} was answered by {said.Via}", cancellationToken);
    }

    private static async Task<bool> WasTakenAsync(DbTransaction transaction, string key, CancellationToken cancellationToken) =>
        await transaction.Command("SELECT COUNT(*) FROM facts WHERE name = @name")
            .With("@name", "said:" + key)
            .NumberAsync(cancellationToken) > 0;

    private static Task<int> NoteTakenAsync(DbTransaction transaction, string key, CancellationToken cancellationToken) =>
        transaction.Command("INSERT INTO facts (name, value) VALUES (@name, 'taken')")
            .With("@name", "said:" + key)
            .ExecuteAsync(cancellationToken);

    [LoggerMessage(LogLevel.Information, "The operator's words by {Via}, {Characters} characters: {Outcome}")]
    private partial void LogOutcome(string outcome, string via, int characters);
}

/// <summary>What the operator said, as it came in.</summary>
/// <param name="Text">Kept as it is.</param>
/// <param name="Question">Which question it answers; null for the only open one.</param>
/// <param name="Via">The way it came, for the record.</param>
/// <param name="Key">Under which a repetition is dropped.</param>
/// <param name="UnaskedWelcome">Without an open question it becomes a turn of its own; else it is refused.</param>
internal sealed record Said(string Text, long? Question, string Via, string? Key, bool UnaskedWelcome);

/// <summary>The tables an answer touches, all in one transaction.</summary>
internal sealed record OperatorStores(
    QuestionStore Questions, MessageStore Messages, SessionStore Sessions, Journal Journal, Outbox Outbox, PageStore Pages);
