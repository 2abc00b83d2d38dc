using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>Takes the operator's input, whether it comes from a file, the command line or HTTP. The first answer to a question counts;
/// later ones are refused with that reason.</summary>
internal sealed partial class Answers(DirectWords direct, Database database, ILogger<Answers> log)
{
    /// <summary>Input that comes so soon after an answer is taken for a second answer to the same question.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMinutes(10);

    /// <summary>One that names an option of a question whose default was taken so long ago is, too.</summary>
    private static readonly TimeSpan LateForDefault = TimeSpan.FromDays(1);

    /// <summary>Of the first answer, in what is said to the second.</summary>
    private const int LongestFirst = 120;

    /// <summary>What an older relay recorded under a key.</summary>
    private const string TextUnknown = "taken";

    public abstract record Outcome
    {
        private Outcome() { }

        /// <summary>It answers a question: the advisor gets it as its next turn.</summary>
        public sealed record Accepted(long Question, SessionId Session) : Outcome;

        /// <summary>It went directly to a session. The question is that session's, which it settled, if one was open.</summary>
        public sealed record Direct(SessionId Session, long? Question) : Outcome
        {
            /// <summary>The questions it did not settle: they are other sessions'.</summary>
            public IReadOnlyList<Question> StillOpen { get; init; } = [];
        }

        /// <summary>No question was open: the advisor gets it as its next turn, and the reply comes as a page.</summary>
        public sealed record Unasked : Outcome;

        /// <summary>Input with this key was taken before.</summary>
        public sealed record Repeated : Outcome;

        public sealed record Refused(string Reason) : Outcome;
    }

    public async Task<Outcome> TakeAsync(OperatorInput input, CancellationToken cancellationToken)
    {
        database.ThrowIfDamaged();
        return await database.WriteAsync(writing => TakeAsync(writing, input, cancellationToken), cancellationToken);
    }

    /// <summary>As part of more.</summary>
    public async Task<Outcome> TakeAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        var outcome = await TakeOnceAsync(writing, input, cancellationToken);
        writing.OnceCommitted(() => LogOutcome(outcome.GetType().Name, input.Via, input.Text.Length));
        return outcome;
    }

    /// <summary>Records the key of the input in the same transaction, with the text it stands for. The key of refused input is not
    /// recorded.</summary>
    private async Task<Outcome> TakeOnceAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        var text = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(input.Text)));
        if (input.Key is not null && await FactStore.FindAsync(writing, Taken(input.Key), cancellationToken) is { } taken)
            return taken == text || taken == TextUnknown
                ? new Outcome.Repeated()
                : new Outcome.Refused(await UsedAsync(writing, input, cancellationToken));
        var outcome = await ReadAsync(writing, input, cancellationToken);
        if (input.Key is not null && outcome is not Outcome.Refused)
            await FactStore.AddAsync(writing, Taken(input.Key), text, cancellationToken);
        return outcome;
    }

    /// <summary>A form of a page gone back to has its id; its question may be answered by now.</summary>
    private static async Task<string> UsedAsync(Reading reading, OperatorInput input, CancellationToken cancellationToken) =>
        input.Question is { } number && await QuestionStore.FindAsync(reading, number, cancellationToken) is { IsOpen: false } closed
            ? FirstAnswer(closed)
            : "its id was used for other words before";

    /// <summary>Whether input with this key was taken.</summary>
    public static async Task<bool> IsKnownAsync(Reading reading, string key, CancellationToken cancellationToken) =>
        await FactStore.FindAsync(reading, Taken(key), cancellationToken) is not null;

    private static string Taken(string key) => "said:" + key;

    private async Task<Outcome> ReadAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(input.Text))
            return new Outcome.Refused("the answer is empty");
        if (ScopeWords.Of(input.Text) is var (scope, rest))
            return await ReadAsync(writing, input with { Scope = scope, Text = rest }, cancellationToken);
        return OperatorWords.Parse(input.Text) switch
        {
            _ when input.OnlyFor is not null => await AnswerAsync(writing, input, cancellationToken),
            OperatorWords.Refused refused => new Outcome.Refused(refused.Reason),
            OperatorWords.Direct words => await direct.SendAsync(writing, words, input, cancellationToken),
            OperatorWords.Numbered numbered when input.Question is null =>
                await AnswerNumberedAsync(writing, numbered, input, cancellationToken),
            _ => await RefuseLoneNumberAsync(writing, input, cancellationToken) ?? await AnswerAsync(writing, input, cancellationToken),
        };
    }

    private async Task<Outcome> AnswerNumberedAsync(
        Writing writing, OperatorWords.Numbered words, OperatorInput input, CancellationToken cancellationToken)
    {
        if (await QuestionStore.FindAsync(writing, words.Question, cancellationToken) is null)
            return new Outcome.Refused(
                $"there is no question #{words.Question}{await OpenNowAsync(writing, cancellationToken)}; "
                + "words that begin with a number sign need the question's own number before them");
        if (words.Text.Length == 0)
            return new Outcome.Refused($"\"#{words.Question}\" is followed by no text");
        return await ReadAsync(writing, input with { Question = words.Question, Text = words.Text }, cancellationToken);
    }

    private static async Task<string> OpenNowAsync(Reading reading, CancellationToken cancellationToken) =>
        await QuestionStore.OpenAsync(reading, cancellationToken) is { Count: > 0 } open
            ? $"; open: {string.Join(", ", open.Select(each => $"#{each.Id} of {each.Whose}"))}"
            : ", and none is open";

    /// <summary>A question's number and nothing else: the words may have been forgotten. It is a choice's where only a choice is open, and
    /// not that one's own number.</summary>
    private static async Task<Outcome?> RefuseLoneNumberAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken) =>
        input.Question is null && long.TryParse(input.Text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && await QuestionStore.FindAsync(writing, number, cancellationToken) is not null
        && !(await QuestionStore.OpenAsync(writing, cancellationToken) is [{ Kind: QuestionKind.Choice } only] && only.Id != number)
            ? new Outcome.Refused(
                $"\"{number}\" is the number of a question, and no words follow it: write \"#{number} text\"; "
                + $"to answer with the number itself, \"#QUESTION {number}\"")
            : null;

    private static async Task<Outcome> AnswerAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        if (input.Question is { } number)
            return await QuestionStore.FindAsync(writing, number, cancellationToken) is { } named
                ? await AnswerAsync(writing, named, input, cancellationToken)
                : new Outcome.Refused($"there is no question #{number}");
        return await BareWords.OfAsync(writing, input.WrittenAt ?? writing.Now, cancellationToken) switch
        {
            BareWords.Answer meant => await AnswerAsync(writing, meant.Question, input, cancellationToken),
            BareWords.Refused refused => new Outcome.Refused(refused.Reason),
            _ => await TakeUnaskedAsync(writing, input, cancellationToken),
        };
    }

    private static async Task<Outcome> AnswerAsync(
        Writing writing, Question question, OperatorInput input, CancellationToken cancellationToken)
    {
        if (!question.IsOpen)
            return new Outcome.Refused(FirstAnswer(question));
        if (input.OnlyFor is { } kind && question.Kind != kind)
            return new Outcome.Refused(kind == QuestionKind.Choice
                ? $"question #{question.Id} has no choices"
                : $"question #{question.Id} has no {kind.Word()}");
        if (NoAnswer.WhyNot(question, input) is { } reason)
            return new Outcome.Refused(reason);
        if (question.Ask is not null)
            return input.Scope is null
                ? await AskedAnswers.DecideAsync(writing, question, input, cancellationToken)
                : new Outcome.Refused($"question #{question.Id} is what a session's client asks, so its answer has no scope");
        await EscalationAnswers.TakeAsync(writing, question, input, cancellationToken);
        return new Outcome.Accepted(question.Id, question.Session);
    }

    public static string FirstAnswer(Question question)
    {
        var at = FormattableString.Invariant($"{question.AnsweredAt:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        if (question.State == QuestionState.Expired)
            return $"question #{question.Id} expired at {at}: {question.AnsweredVia}{NobodyWaits(question)}";
        if (question.ByDefault)
            return $"question #{question.Id} had no answer until {at}, so the default, {question.Answer}, was taken; that stands "
                + $"(relay rulings overturn {question.Message}, once the advisor has replied, asks it anew)";
        return $"question #{question.Id} was answered by {question.AnsweredVia} at {at}; the first answer stands: "
            + $"\"{Excerpt.Of(Visible.OneLine(AnswerText.Named(question)), LongestFirst)}\"";
    }

    /// <summary>An older relay has recorded it with the reason.</summary>
    private static string NobodyWaits(Question expired)
    {
        const string words = "nobody waits for it any more";
        return expired.AnsweredVia?.Contains(words, StringComparison.Ordinal) == true ? "" : $"; {words}";
    }

    /// <summary>What speaks against an answer before it is given; null where nothing does now.</summary>
    public static async Task<string?> WhyNotAsync(Reading reading, OperatorInput input, CancellationToken cancellationToken)
    {
        if (input.Question is not { } number || await QuestionStore.FindAsync(reading, number, cancellationToken) is not { } question)
            return $"there is no question #{input.Question}";
        if (!question.IsOpen)
            return FirstAnswer(question);
        if (NoAnswer.WhyNot(question, input) is { } reason)
            return reason;
        return question.Ask is null ? null : await AskedAnswers.WhyNotAsync(reading, question, input, cancellationToken);
    }

    /// <summary>Takes input that was written while no question was open. Where unasked words are not welcome they were meant for a
    /// question, most likely for the one that was answered a moment ago.</summary>
    private static async Task<Outcome> TakeUnaskedAsync(Writing writing, OperatorInput input, CancellationToken cancellationToken)
    {
        if (input.Key is null || !input.UnaskedWelcome)
        {
            var newest = await QuestionStore.NewestAnsweredAsync(writing, cancellationToken);
            var isLate = newest?.AnsweredAt is { } at && (writing.Now - at).Duration() < Late;
            return new Outcome.Refused(isLate ? "no question is open: " + FirstAnswer(newest!) : "no question is open");
        }
        if (await QuestionStore.NewestAnsweredAsync(writing, cancellationToken) is { ByDefault: true, AnsweredAt: { } taken } question
            && (writing.Now - taken).Duration() < LateForDefault && Escalation.ChosenBy(input.Text, question.Options) is not null)
            return new Outcome.Refused(FirstAnswer(question)); // One of its options and nothing else was meant for it.
        await OwnWords.SayAsync(writing, SessionDirectory.Default, input, cancellationToken);
        return new Outcome.Unasked();
    }

    /// <summary>The question is settled, and its page with it.</summary>
    public static async Task CloseAsync(Writing writing, Question question, Answer answer, CancellationToken cancellationToken)
    {
        if (!await QuestionStore.CloseAsync(writing, question, answer, cancellationToken))
            throw new LostRaceException($"question #{question.Id} was answered in the same instant");
        await PageStore.ClearAsync(writing, PageCause.Question(question.Id), cancellationToken);
        if (answer.Message is null || question.Message is not { } raiser)
            return;
        var change = new Change(MessageState.Waiting, Reason: $"question #{question.Id} was answered by {answer.Via}");
        if (await MessageStore.FindAsync(writing, question.Conversation, raiser, cancellationToken) is { State: MessageState.Waiting })
            await MessageStore.ChangeAsync(writing, question.Conversation, raiser, change, cancellationToken); // Not for the operator now.
        else
            await MessageStore.NoteAsync(
                writing, question.Conversation, raiser, new MessageNote(change.State.Word(), change.Describe()), cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "The operator's words by {Via}, {Characters} characters: {Outcome}")]
    private partial void LogOutcome(string outcome, string via, int characters);
}

/// <summary>What the operator has entered.</summary>
/// <param name="Text">The text, unchanged.</param>
/// <param name="Question">The number of the question that it answers; null for the only one that was open when it was written.</param>
/// <param name="Via">How it came: "the command line", or the name of a file.</param>
/// <param name="Key">Input with a key that was seen before is ignored.</param>
/// <param name="UnaskedWelcome">Whether it becomes a turn of its own when no question is open. Otherwise it is refused then.</param>
internal sealed record OperatorInput(string Text, long? Question, string Via, string? Key, bool UnaskedWelcome)
{
    /// <summary>When it was written, which may be long before it is taken; null for now.</summary>
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>For what it holds, where that is said.</summary>
    public RulingScope? Scope { get; init; }

    /// <summary>Why it may not let a session do something: others could have said it. Null where nobody else could.</summary>
    public string? WhyNothingIsAllowed { get; init; }

    /// <summary>Of what is allowed, where the words themselves hold none.</summary>
    public string? Digest { get; init; }

    /// <summary>The answers to a choice as a program gives them; the text is the same, as it came.</summary>
    public JsonElement? Choices { get; init; }

    /// <summary>The kind of question that it is an answer to, and to no other; null for words that may be one to any. To a choice it then
    /// is what is chosen, and no words of one's own.</summary>
    public QuestionKind? OnlyFor { get; init; }
}
