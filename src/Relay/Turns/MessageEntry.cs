using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;

namespace Relay.Turns;

/// <summary>How a message stands in the journal: who speaks, and what calls say of it.</summary>
internal static class MessageEntry
{
    /// <summary>What the relay says itself, to the advisor.</summary>
    private const string Relay = "the relay";

    public static async Task<NewEntry> OfAsync(
        Reading reading, Message message, string operatorsName, CancellationToken cancellationToken)
    {
        var speaker = message.Session.Value;
        var (question, ruling) = ((Question?)null, (RulingRecord?)null);
        if (message.Speaker == Speaker.Operator)
        {
            question = await QuestionStore.AnsweredByAsync(reading, message.Conversation, message.Id, cancellationToken);
            ruling = question is { ByDefault: true }
                ? null
                : await RulingStore.OfMessageAsync(reading, message.Conversation, message.Id, cancellationToken);
            speaker = question is { ByDefault: true } ? Relay : await SpeakerAsync(reading, message, operatorsName, cancellationToken);
        }
        return new NewEntry(message.Conversation, EntryRole.User, speaker, message.Content)
        {
            Message = message.Id,
            Ruling = ruling?.Id,
            IsRuling = ruling is { State: RulingState.Standing, Scope: not RulingScope.Once },
            Question = question is null ? null : ruling?.Asked,
            Note = ruling is null
                ? null
                : RulingNote.Of(ruling, question?.OptionOf(question.Chosen))
                    + await OverturningAsync(reading, ruling, question, cancellationToken),
        };
    }

    /// <summary>The entry as a call carries it before it stands in the journal.</summary>
    public static Entry ToCome(NewEntry entry, DateTimeOffset now) => new(
        long.MaxValue, EntryRole.User, entry.Speaker, entry.Content, entry.Content.Length, CoversThrough: null, now, IsQuoted: true,
        Note: entry.Note);

    /// <summary>As it is now: rulings may have changed while the answer waited.</summary>
    private static async Task<string> OverturningAsync(
        Reading reading, RulingRecord ruling, Question? question, CancellationToken cancellationToken)
    {
        if (question is not { Overturns: { } old })
            return "";
        var holder = await RulingStore.HolderAsync(reading, old, cancellationToken);
        var became = holder?.Id == ruling.Id ? "That ruling is superseded by this answer."
            : holder is not { State: RulingState.Standing } ? "That ruling is not in force any more."
            : holder.Id == old ? "That ruling stands."
            : FormattableString.Invariant($"Ruling {holder.Id} has its place.");
        return FormattableString.Invariant($"\n{RelayMark.Text} The operator overturned what was settled by ruling {old}, and was asked. ")
            + $"{became} Your reply goes to the session that had asked.";
    }

    /// <summary>What the operator says unasked while a question is open was not written for that: it says so, or the advisor would take it
    /// for the answer.</summary>
    private static async Task<string> SpeakerAsync(
        Reading reading, Message message, string operatorsName, CancellationToken cancellationToken)
    {
        var name = $"operator {operatorsName}";
        return message.Origin is null
            && (await ConversationStore.FindAsync(reading, message.Conversation, cancellationToken))?.OpenQuestion is { } open
            && !message.Content.StartsWith(AskBackText.Start(open), StringComparison.Ordinal) // Which says it itself.
            ? FormattableString.Invariant($"{name}, not about question #{open}")
            : name;
    }
}
