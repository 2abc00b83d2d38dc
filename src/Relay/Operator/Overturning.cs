using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>"No, ask me": what was settled without the operator is asked of him anew. His answer takes the ruling's place and goes to the
/// session, which had a reply already.</summary>
internal sealed class Overturning(Database database, SettingsSource settings)
{
    private const int LongestQuoted = 1_500;

    /// <summary>No line of what is quoted before begins like this.</summary>
    private const string Settling = "\n\nThe advisor replied by ruling ";

    public abstract record Outcome
    {
        private Outcome() { }

        public sealed record Asked(long Question, long? Ruling, MessageId Message) : Outcome;

        public sealed record Refused(string Reason) : Outcome;
    }

    /// <summary>What was settled, and by what.</summary>
    private sealed record Settled(Message Message, RulingUse? Use, Question? Default);

    /// <param name="what">The number of a use, or a message.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Outcome> OverturnAsync(string what, CancellationToken cancellationToken)
    {
        database.ThrowIfDamaged();
        return await database.WriteAsync(writing => OverturnAsync(writing, what.Trim(), cancellationToken), cancellationToken);
    }

    private async Task<Outcome> OverturnAsync(Writing writing, string what, CancellationToken cancellationToken)
    {
        var (settled, reason) = await FindAsync(writing, what, cancellationToken);
        if (settled is null)
            return new Outcome.Refused(reason!);
        var conversation = settled.Message.Conversation;
        if ((await ConversationStore.FindAsync(writing, conversation, cancellationToken))?.OpenQuestion is { } open)
            return new Outcome.Refused($"conversation {conversation} waits for your answer to question #{open}: answer that first");
        if (await ConversationStore.RunningCallAsync(writing, conversation, cancellationToken) is not null)
            return new Outcome.Refused($"the advisor is being asked in conversation {conversation}: once more, when it has replied");
        return await AskAsync(writing, settled, cancellationToken);
    }

    private static async Task<(Settled? Settled, string? Reason)> FindAsync(
        Reading reading, string what, CancellationToken cancellationToken)
    {
        if (long.TryParse(what, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && await RulingUses.FindAsync(reading, number, cancellationToken) is { } use)
            return use.OverturnedBy is { } asked
                ? (null, $"use {number} was overturned before: question #{asked}")
                : (new Settled(
                    (await MessageStore.FindAsync(reading, use.Conversation, use.Message, cancellationToken))!, use, Default: null), null);
        var found = await MessageSearch.FindToActAsync(reading, what, cancellationToken);
        if (found.Count != 1)
            return (null, found.Count == 0 ? $"there is no use {what} and no message {what}" : $"{what} may be several messages");
        var root = found[0].Origin is { } origin
            ? (await MessageStore.FindAsync(reading, found[0].Conversation, origin, cancellationToken))!
            : found[0];
        return await FindAsync(reading, root, cancellationToken);
    }

    private static async Task<(Settled? Settled, string? Reason)> FindAsync(
        Reading reading, Message message, CancellationToken cancellationToken)
    {
        if (message.IsUnanswered)
            return (null, $"message {message.Id} has no reply yet");
        if (message.State == MessageState.Dead) // Nothing was done by the default.
            return (null, $"message {message.Id} was given up, and has no reply");
        var uses = await RulingUses.OfMessageAsync(reading, message.Conversation, message.Id, cancellationToken);
        if (uses.Find(use => use.OverturnedBy is not null) is { } before)
            return (null, $"the reply to {message.Id} was overturned before: question #{before.OverturnedBy}");
        if (uses.Count > 1)
            return (null, $"the reply to {message.Id} rests on several rulings, say which use: "
                + string.Join(", ", uses.Select(use => $"{use.Id} (of ruling {use.Ruling})")));
        if (uses is [var only])
            return (new Settled(message, only, Default: null), null);
        var question = (await QuestionStore.OfAsync(reading, message.Conversation, message.Id, cancellationToken))
            .FindLast(each => each.ByDefault);
        return question switch
        {
            null => (null, $"the reply to {message.Id} rests on no ruling, and no default was taken for it"),
            { OverturnedBy: { } by } => (null, $"the default of question #{question.Id} was overturned before: question #{by}"),
            _ => (new Settled(message, Use: null, question), null),
        };
    }

    private async Task<Outcome> AskAsync(Writing writing, Settled settled, CancellationToken cancellationToken)
    {
        var (message, use) = (settled.Message, settled.Use);
        var words = await InsertAsync(writing, settled, cancellationToken);
        var place = use is null ? null : await RulingStore.HolderAsync(writing, use.Ruling, cancellationToken);
        var text = await TextAsync(writing, settled, place?.Id, cancellationToken);
        var asked = new NewQuestion(message.Conversation, words, message.Session, QuestionKind.Escalation, text)
        {
            Overturns = place?.Id,
        };
        var question = await QuestionStore.OpenAsync(writing, asked, cancellationToken);
        if (settled.Default is { } taken)
            await QuestionStore.OverturnAsync(writing, taken, question.Id, cancellationToken);
        else
            await RulingUses.OverturnAsync(writing, message.Conversation, message.Id, question.Id, cancellationToken);
        var waiting = new Change(MessageState.Waiting, Reason: $"for the operator, question #{question.Id}");
        await MessageStore.ChangeAsync(writing, message.Conversation, words, waiting, cancellationToken);
        await MessageStore.NoteAsync(
            writing, message.Conversation, message.Id,
            new MessageNote(MessageState.Answered.Word(), $"overturned by the operator, who is asked: question #{question.Id}"),
            cancellationToken);
        await QuestionPages.PageAsync(writing, question, settings.Current.Config.Operator.Token, cancellationToken);
        return new Outcome.Asked(question.Id, place?.Id, message.Id);
    }

    /// <summary>The message has its reply. What the operator asks for now is a message of his, whose reply goes to that session.</summary>
    private static async Task<MessageId> InsertAsync(Writing writing, Settled settled, CancellationToken cancellationToken)
    {
        var message = settled.Message;
        var channel = message.Session == SessionId.None
            ? ReplyChannel.Operator
            : await SessionStore.ChannelAsync(writing, message.Session, message.Conversation, cancellationToken);
        var what = settled.Use is { } use ? $"rests on ruling {use.Ruling}" : $"rests on the default of question #{settled.Default!.Id}";
        var words = new NewMessage(
            message.Conversation, message.Session, Speaker.Operator, channel, Origin: null,
            $"overturn:{message.Id}:{Guid.CreateVersion7(writing.Now)}", $"No, ask me: the reply to message {message.Id} {what}.");
        return (await MessageStore.InsertAsync(writing, words, cancellationToken))!.Id;
    }

    /// <param name="reading">Where from.</param>
    /// <param name="settled">What was settled.</param>
    /// <param name="place">The ruling whose place the answer takes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private static async Task<string> TextAsync(Reading reading, Settled settled, long? place, CancellationToken cancellationToken)
    {
        var (message, use) = (settled.Message, settled.Use);
        var reply = message.ReplyPosition is { } at
            ? (await Journal.BetweenAsync(reading, message.Conversation, at - 1, at, cancellationToken)).FirstOrDefault()?.Content
            : null;
        var ruling = use is null ? null : await RulingStore.FindAsync(reading, use.Ruling, cancellationToken);
        var by = ruling is null
            ? $"\n\nThe advisor replied by the default of question #{settled.Default!.Id}"
            : $"{Settling}{ruling.Id}:\n{Quote(ruling.Content)}\nThe reply was";
        var whose = message.Session == SessionId.None ? "You" : message.Session.Value;
        return $"Asked anew, as you said: no, ask me.\n\n{whose} wrote (message {message.Id}):\n{Quote(message.Content)}"
            + $"{by}:\n{Quote(reply ?? "")}\n\nWhat is your answer?"
            + (ruling is null ? "" : $" It takes the place of ruling {place}, unless it is for once.");
    }

    /// <summary>What the answer is kept with, and calls carry: without the words of the ruling whose place it takes, and what was made of
    /// them.</summary>
    public static string Asked(Question question) =>
        question.Overturns is not null && question.Text.IndexOf(Settling, StringComparison.Ordinal) is > 0 and var at
            ? question.Text[..at]
            : question.Text;

    private static string Quote(string text) => "> " + Excerpt.Of(text, LongestQuoted).ReplaceLineEndings("\n> ");
}
