using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>To which question words belong that name none: to the only one that was open when they were written. A question asked later is
/// one the operator had not read.</summary>
internal abstract record BareWords
{
    private BareWords() { }

    public sealed record Answer(Question Question) : BareWords;

    /// <summary>No question was open then.</summary>
    public sealed record Unasked : BareWords;

    public sealed record Refused(string Reason) : BareWords;

    public static async Task<BareWords> OfAsync(Reading reading, DateTimeOffset writtenAt, CancellationToken cancellationToken)
    {
        var open = await QuestionStore.OpenAsync(reading, cancellationToken);
        var then = open.FindAll(question => question.WasAskedBefore(writtenAt, reading.Now));
        then.AddRange(await QuestionStore.ClosedSinceAsync(reading, writtenAt, cancellationToken));
        return then switch
        {
            [] => new Unasked(),
            [{ IsOpen: true, IsOfClient: true } only] when open.Count > 1 => new Refused(
                $"question #{only.Id} is about a {only.Kind.Word()}, and others are open: its number is needed, "
                + $"\"#{only.Id} {(only.Kind == QuestionKind.Permission ? "allow" : "WORDS")}\""),
            [{ IsOpen: true } only] => new Answer(only),
            [var only] => new Refused(
                (open.Count == 0 ? "no question is open: " : "it was written before what is open now was asked: ")
                + Answers.FirstAnswer(only)),
            var several => new Refused(
                "several questions were open when it was written, say which: "
                + string.Join(", ", several.OrderBy(each => each.Id).Select(each => $"#{each.Id} of {each.Whose}"))),
        };
    }
}
