using System.Globalization;
using System.Text.RegularExpressions;
using Relay.Conversations;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Turns;

/// <summary>Which rulings a reply rests on: those that it cites as "[ruling 41]" and that are in force where it was given.</summary>
internal static partial class Citations
{
    private const int Most = 20;

    public static IReadOnlyList<long> In(string reply) => Cited().Matches(reply)
        .SelectMany(match => match.Groups["number"].Captures)
        .Select(number => long.Parse(number.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture))
        .Distinct()
        .Take(Most)
        .ToList();

    /// <summary>Of a reply that is nothing else than an answer, the answer: without what it cites, but in the note below it.</summary>
    /// <returns>Null where it cites nothing, or a ruling that is not in force there.</returns>
    public static async Task<string?> AnswerBesideAsync(
        Reading reading, ConversationId conversation, string reply, CancellationToken cancellationToken)
    {
        var cited = In(reply);
        foreach (var number in cited)
            if (await RulingStore.FindAsync(reading, number, cancellationToken) is not { } ruling || !ruling.HoldsIn(conversation))
                return null;
        return cited.Count == 0 ? null : string.Join('\n', reply.Split('\n').Select(AnswerBeside));
    }

    private static string AnswerBeside(string line) =>
        line.TrimStart().StartsWith("note:", StringComparison.OrdinalIgnoreCase) || !Cited().IsMatch(line)
            ? line
            : Cited().Replace(line, "").Replace("()", "", StringComparison.Ordinal).Trim(' ', '\t', '\r', ':', ',', ';', '–', '—');

    /// <summary>The same reply, taken once more, is one use.</summary>
    public static async Task RecordOnceAsync(
        Writing writing, Message message, long position, string reply, CancellationToken cancellationToken)
    {
        if ((await RulingUses.OfMessageAsync(writing, message.Conversation, message.Root, cancellationToken)).Count == 0)
            await RecordAsync(writing, message, position, reply, cancellationToken);
    }

    /// <summary>Records of a reply for which the operator was not asked what settled it.</summary>
    public static async Task RecordAsync(
        Writing writing, Message message, long position, string reply, CancellationToken cancellationToken)
    {
        var cited = In(reply);
        if (cited.Count == 0 || message.Speaker != Speaker.Session)
            return;
        var (settled, unknown) = (new List<string>(), new List<string>());
        foreach (var number in cited)
        {
            var ruling = await RulingStore.FindAsync(writing, number, cancellationToken);
            if (ruling is null || !ruling.HoldsIn(message.Conversation))
            {
                unknown.Add(number.ToString(CultureInfo.InvariantCulture));
                continue;
            }
            await RulingUses.AddAsync(writing, ruling, message, position, cancellationToken);
            await RulingStore.UsedAsync(writing, ruling, cancellationToken);
            settled.Add(number.ToString(CultureInfo.InvariantCulture));
        }
        if (settled.Count > 0)
            await NoteAsync(writing, message, $"{Settled(settled)}; the operator was not asked", cancellationToken);
        if (unknown.Count > 0)
            await NoteAsync(
                writing, message, $"the reply cites ruling {string.Join(", ", unknown)}, not in force here: that settles nothing",
                cancellationToken);
    }

    /// <summary>As it is told everywhere.</summary>
    public static string Settled(IEnumerable<object> rulings) => $"settled by ruling {string.Join(", ", rulings)}";

    private static Task NoteAsync(Writing writing, Message message, string detail, CancellationToken cancellationToken) =>
        MessageStore.NoteAsync(
            writing, message.Conversation, message.Root, new MessageNote(MessageState.Answered.Word(), detail), cancellationToken);

    [GeneratedRegex(
        @"\[rulings?\s+#?(?<number>[0-9]{1,15})(?:(?:\s*,\s*|\s+and\s+)#?(?<number>[0-9]{1,15}))*\]",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Cited();
}
