using Relay.Configuration;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Sends the operator's words to a session, without the advisor. They settle that session's open question, no other's.</summary>
internal sealed class DirectWords(SessionDirectory directory, SettingsSource settings)
{
    private const int NamesTold = 3;

    /// <summary>Those that were active last.</summary>
    private const int NamesCompared = 1_000;

    public async Task<Answers.Outcome> SendAsync(
        Writing writing, OperatorWords.Direct words, OperatorInput input, CancellationToken cancellationToken)
    {
        if (await RefusalAsync(writing, words, input, cancellationToken) is { } reason)
            return new Answers.Outcome.Refused(reason);
        var open = (await QuestionStore.OpenAsync(writing, cancellationToken)) // What a client asks is not settled: who knows.
            .FindAll(question => !question.IsOfClient || question.Session == words.Session);
        var settled = open.Find(question => question.Session == words.Session && !question.IsOfClient
            && (input.Question ?? question.Id) == question.Id
            && (input.Question is not null || question.WasAskedBefore(input.WrittenAt ?? writing.Now, writing.Now)));
        var position = await DeliverAsync(writing, words, input, settled, cancellationToken);
        if (settled is not null)
            await SettleAsync(writing, settled, position, input, cancellationToken);
        return new Answers.Outcome.Direct(words.Session, settled?.Id) { StillOpen = open.FindAll(question => question != settled) };
    }

    private async Task<string?> RefusalAsync(
        Writing writing, OperatorWords.Direct words, OperatorInput input, CancellationToken cancellationToken)
    {
        if (directory.ConversationOf(words.Session) is null
            || (!directory.IsListed(words.Session) && await SessionStore.FindAsync(writing, words.Session, cancellationToken) is null))
            return await UnknownAsync(writing, words.Session, cancellationToken);
        if (input.Question is not { } number)
            return null;
        var named = await QuestionStore.FindAsync(writing, number, cancellationToken);
        return named is { IsOpen: true } ? null : named is null ? $"there is no question #{number}" : Answers.FirstAnswer(named);
    }

    private async Task<string> UnknownAsync(Writing writing, SessionId session, CancellationToken cancellationToken)
    {
        var known = (await SessionStore.NewestAsync(writing, NamesCompared, cancellationToken))
            .Select(each => each.Id.Value)
            .Union(settings.Current.Config.Sessions.Select(listed => listed.SessionId))
            .Where(name => directory.ConversationOf(SessionId.Stored(name)) is not null)
            .ToList();
        var nearest = NearestName.Several(session.Value, known, NamesTold);
        return nearest.Count == 0
            ? $"there is no session \"{session}\", and none is known yet"
            : $"there is no session \"{session}\"; the nearest known: {string.Join(", ", nearest)}";
    }

    /// <summary>Writes the words into the journal, as a ruling on the question they settle, and queues them for the session.</summary>
    /// <returns>The position of the entry in the journal.</returns>
    private async Task<long> DeliverAsync(
        Writing writing, OperatorWords.Direct words, OperatorInput input, Question? settled, CancellationToken cancellationToken)
    {
        var conversation = settled?.Conversation ?? directory.ConversationOf(words.Session)!.Value;
        var channel = await SessionStore.ChannelAsync(writing, words.Session, conversation, cancellationToken);
        var name = settings.Current.Config.Operator.Name;
        var ruling = settled is not null
            ? await EscalationAnswers.RuleAsync(writing, settled, message: null, input, cancellationToken)
            : await RulingStore.AddAsync(
                writing,
                new NewRuling(conversation, Message: null, input.Text, input.Scope ?? RulingScope.Conversation),
                cancellationToken);
        var entry = new NewEntry(conversation, EntryRole.User, $"operator {name}", input.Text)
        {
            IsRuling = ruling.Scope != RulingScope.Once,
            Ruling = ruling.Id,
            Note = RulingNote.Of(ruling),
            Question = settled?.Text,
        };
        var position = await Journal.AppendAsync(writing, entry, cancellationToken);
        var hadReply = settled is not null && await MessageStore.FindAsync(
            writing, conversation, settled.Message!.Value, cancellationToken) is { Speaker: Speaker.Operator }; // It was overturned.
        var text = settled is null || hadReply ? Provenance.OfOperator(name, words.Text) : words.Text;
        var reply = new NewReply(conversation, position, words.Session, channel, text) { Message = hadReply ? null : settled?.Message };
        await Outbox.EnqueueAsync(writing, reply, cancellationToken);
        return position;
    }

    private static async Task SettleAsync(
        Writing writing, Question settled, long position, OperatorInput input, CancellationToken cancellationToken)
    {
        await Answers.CloseAsync(writing, settled, new Answer(input.Via, input.Text, Message: null), cancellationToken);
        await MessageStore.AnswerAsync(
            writing, settled.Conversation, settled.Message!.Value, position, "by the operator, directly", cancellationToken);
    }
}
