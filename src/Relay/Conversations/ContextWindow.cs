using System.Globalization;
using System.Text;
using Relay.Texts;

namespace Relay.Conversations;

/// <summary>What the advisor is shown of a conversation: the operator's rulings word for word, the newest summary,
/// and the turns since. Immutable.</summary>
internal sealed record ContextWindow(IReadOnlyList<Ruling> Rulings, Entry? Summary, IReadOnlyList<Entry> Turns)
{
    /// <summary>How often an entry of the journal had been left out when this was read.</summary>
    public long Rewritten { get; init; }

    public long Characters =>
        (Summary?.Characters ?? 0)
        + Rulings.Sum(ruling => (long)ruling.Content.Length)
        + Turns.Sum(entry => (long)entry.Characters);

    /// <summary>The position up to which the window contains the journal.</summary>
    public long Through => Math.Max(Summary?.Position ?? 0, Turns.Count > 0 ? Turns[^1].Position : 0);

    public ContextWindow With(params IReadOnlyList<Entry> newer) =>
        newer.Count == 0 ? this : this with { Turns = [.. Turns, .. newer] };

    /// <summary>This window without the entries after a position.</summary>
    public ContextWindow UpTo(long position) =>
        this with { Turns = Turns.TakeWhile(entry => entry.Position <= position).ToList() };

    /// <summary>Whether a window that is over the cap is to be summed up now. Once it was, it is not again until half of the cap has come
    /// in: a summary is paid for, and the cached prefix with it. Where single turns are over half of the cap, some turns more than are kept
    /// have to come in. Turns that a summary should have taken in and did not are due at once.</summary>
    public bool IsSummaryDue(int cap, int keepTurns)
    {
        if (Characters <= cap || Summary is not { Position: var summed })
            return Characters > cap;
        var before = Turns.TakeWhile(entry => entry.Position < summed).ToList();
        var cameIn = Turns.Skip(before.Count).Sum(entry => (long)entry.Characters);
        var turns = TurnStarts().Count(start => start >= before.Count);
        return (cameIn >= cap / 2 && (turns >= keepTurns + 2 || cameIn / Math.Max(1, turns) <= cap / 2))
            || (before.Sum(entry => (long)entry.Characters) > cap / 2 && TurnStarts().Count(start => start < before.Count) > 1);
    }

    /// <summary>What the turns that are kept may take, when the whole is to shrink to half of the cap.</summary>
    public long RoomForTurns(int cap, long summary) => cap / 2 - Rulings.Sum(ruling => (long)ruling.Content.Length) - summary;

    /// <summary>The number of turns.</summary>
    public int TurnCount => TurnStarts().Count;

    /// <summary>The last position to summarise, or null when there is nothing to summarise. <paramref name="keepTurns"/> turns are
    /// kept, fewer if they are longer than <paramref name="keepCharacters"/>, but at least the last; and at most
    /// <paramref name="characterLimit"/> characters are summarised at once. The cut is before an entry of a user,
    /// so a reply stays with its question.</summary>
    public long? SummaryEnd(int keepTurns, long characterLimit, long keepCharacters = long.MaxValue)
    {
        var starts = TurnStarts();
        var kept = TurnsWithin(starts, keepTurns, keepCharacters);
        if (starts.Count <= kept)
            return null;
        var end = starts[^kept];
        var characters = 0L;
        for (var index = 0; index < end; index++)
        {
            characters += Turns[index].Characters;
            if (characters > characterLimit && starts.LastOrDefault(start => start <= index) is var cut and > 0)
                return Turns[cut - 1].Position;
        }
        return Turns[end - 1].Position;
    }

    /// <summary>The sessions' words that no reply has followed yet, the newest first. The operator's are not among them.</summary>
    public IEnumerable<Entry> Unanswered() => Turns
        .Reverse()
        .TakeWhile(entry => entry.Role == EntryRole.User)
        .Where(entry => !entry.IsOperators);

    /// <summary>The length of the operator's rulings, those too that are not summed up yet.</summary>
    public long RulingBytes() =>
        Rulings.Sum(ruling => (long)Encoding.UTF8.GetByteCount(ruling.Content) + Encoding.UTF8.GetByteCount(ruling.Question ?? ""))
        + Turns.Where(entry => entry.IsOperators)
            .Sum(entry => (long)Encoding.UTF8.GetByteCount(entry.Text) + Encoding.UTF8.GetByteCount(entry.Note ?? ""));

    /// <summary>The messages of a call. User and assistant alternate, so consecutive entries of one role
    /// become blocks of one message.</summary>
    public IReadOnlyList<PromptMessage> ToMessages()
    {
        var messages = new List<PromptMessage>();
        if (Preamble() is { } preamble)
            Append(messages, EntryRole.User, preamble);
        else if (Turns is [{ Role: EntryRole.Assistant } first, ..])
            Append(messages, EntryRole.User, $"{MarkOf(first)} The record starts in the middle of a conversation.");
        foreach (var entry in Turns)
        {
            if (entry is { Role: EntryRole.User, LeftOut: null, Note: { } note })
                Append(messages, entry.Role, note);
            Append(messages, entry.Role, entry.Text);
        }
        return messages;
    }

    private static void Append(List<PromptMessage> messages, EntryRole role, string text)
    {
        if (messages.Count == 0 || messages[^1].Role != role)
            messages.Add(new PromptMessage(role, []));
        messages[^1].Blocks.Add(text);
    }

    private string? Preamble()
    {
        if (Summary is null && Rulings.Count == 0)
            return null;
        var text = new StringBuilder();
        var mark = MarkOf(Summary);
        if (Rulings.Count > 0)
            text.Append(CultureInfo.InvariantCulture, $"{mark} What the operator has ruled so far, word for word:\n");
        foreach (var ruling in Rulings)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n- {ruling.At:yyyy-MM-dd HH:mm} [{ruling.Speaker}]");
            if (ruling.Id is { } id)
                text.Append(CultureInfo.InvariantCulture, $" [ruling {id}]");
            if (ruling.Question is { } question)
                text.Append(CultureInfo.InvariantCulture, $" asked: {Quoted(question)}\n  answered");
            text.Append(CultureInfo.InvariantCulture, $": {ruling.Content}");
        }
        if (Summary is not null)
        {
            text.Append(text.Length > 0 ? "\n\n" : "");
            text.Append(CultureInfo.InvariantCulture, $"{mark} Summary of the conversation up to here:\n\n");
            text.Append(Summary.IsQuoted ? HeaderLines.QuoteAll(Summary.Content) : Summary.Content);
        }
        return text.ToString();
    }

    /// <summary>A line of the question could look like a ruling.</summary>
    private string Quoted(string question) => Summary is { IsQuoted: true } ? HeaderLines.QuoteRest(question, "  ") : question;

    /// <summary>What an older relay began stays as it was sent, and so does the prefix that is cached.</summary>
    private static string MarkOf(Entry? entry) => entry is { IsQuoted: true } ? RelayMark.Text : RelayMark.Older;

    private int TurnsWithin(List<int> starts, int most, long characters)
    {
        var (kept, first, left) = (0, Turns.Count, characters);
        while (kept < Math.Min(most, starts.Count))
        {
            for (var start = starts[^(kept + 1)]; first > start; first--)
                left -= Turns[first - 1].Characters;
            if (left < 0)
                break;
            kept++;
        }
        return Math.Max(1, kept);
    }

    /// <summary>The indexes at which a turn starts: an entry of a user that is the first one or follows a reply.</summary>
    private List<int> TurnStarts()
    {
        var starts = new List<int>();
        for (var index = 0; index < Turns.Count; index++)
            if (Turns[index].Role == EntryRole.User && (index == 0 || Turns[index - 1].Role == EntryRole.Assistant))
                starts.Add(index);
        return starts;
    }
}

/// <summary>One message of a call. The blocks are never empty.</summary>
internal sealed record PromptMessage(EntryRole Role, List<string> Blocks);
