using System.Globalization;
using System.Text.RegularExpressions;

namespace Relay.Operator.Asked;

/// <summary>Reads an answer to a choice: for one question the answer itself, for several a line each that begins with the question's
/// number or header. What could mean two things is refused.</summary>
internal static partial class ChoiceWords
{
    public const string HowToDecline = "decline: REASON";

    private const string Skip = "skip", Own = "words:", Note = "note:";

    private sealed record Line(string Key, string Value);

    /// <summary>An answer, no answer on purpose (both null), or why it cannot be taken.</summary>
    private sealed record Read(Chosen? Chosen, string? Fault)
    {
        public static Read Bad(string fault) => new(null, fault);
    }

    public static AnswerReading Of(ClientAsk.Choice asked, string words)
    {
        var text = words.Trim();
        var isLabel = asked.Questions.Any(each => AreChoices(each, text));
        if (!isLabel && Declining().Match(text) is { Success: true } declined)
            return new AnswerReading.Clear(new Decision.Denied(declined.Groups["reason"].Value.Trim()));
        if (!isLabel && Granting().IsMatch(text))
            return Refused($"it asks for a choice, so there is nothing to {text.Split(' ')[0].ToLowerInvariant()}", asked);
        var lines = text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        return asked.Questions is [var only] ? OfOne(asked, only, text, lines) : OfSeveral(asked, lines);
    }

    /// <summary>The same where only choices were to be given: what is none of them is not taken for words of one's own, unless it says
    /// that it is.</summary>
    public static AnswerReading OfChoices(ClientAsk.Choice asked, string words) => Of(asked, words) switch
    {
        AnswerReading.Clear { Decision: Decision.Answered answered } clear =>
            answered.Answers.FirstOrDefault(each => each.Words is not null) is { Words: { } other }
            && !words.Contains(Own, StringComparison.OrdinalIgnoreCase)
                ? Refused($"\"{Short(other)}\" is none of the choices; words of your own begin with \"{Own}\"", asked)
                : clear,
        AnswerReading.Clear => Refused("that chooses nothing", asked),
        var refused => refused,
    };

    /// <summary>What is allowed, for a page and for a refusal.</summary>
    public static string HowTo(ClientAsk.Choice asked)
    {
        var several = asked.Questions.Any(each => each.MultiSelect) ? ", several as \"1, 2\" where that is allowed" : "";
        return (asked.Questions.Count == 1
            ? $"a choice's number or name{several}, or words of your own"
            : $"a line for each question, as \"1: 2\" for choice 2 of question 1: a choice's number or name{several}, or words of your "
                + "own, or \"skip\"")
            + $"; beside it a line \"note: …\"; or \"{HowToDecline}\"";
    }

    private static AnswerReading OfOne(ClientAsk.Choice asked, ChoiceQuestion only, string text, List<string> lines)
    {
        var hasNote = lines.Count > 1 && lines[^1].StartsWith(Note, StringComparison.OrdinalIgnoreCase);
        var note = hasNote ? lines[^1][Note.Length..].Trim() : null;
        if (note is not null)
            text = text[..text.LastIndexOf('\n')].Trim();
        if (text.StartsWith(Note, StringComparison.OrdinalIgnoreCase))
            return Refused("there is a note and no answer", asked);
        return (OfLines(asked, only, hasNote ? lines[..^1] : lines, text) switch
        {
            (_, { } fault) => Read.Bad(fault),
            ([var value], _) => OfValue(only, value, note),
            (var values, _) => Labels(only, values.SelectMany(value => Items(only, value)).ToList(), note),
        }) switch
        {
            { Fault: { } fault } => Refused(fault, asked),
            { Chosen: { } chosen } => new AnswerReading.Clear(new Decision.Answered([chosen])),
            _ => Refused("it is the only question, so it cannot be left out", asked),
        };
    }

    /// <summary>To the only question: one value, or a choice a line. Its number or header before a line is as good as none.</summary>
    private static (List<string> Values, string? Fault) OfLines(
        ClientAsk.Choice asked, ChoiceQuestion only, List<string> lines, string text)
    {
        if (Matching(only, text).Count > 0)
            return ([text], null);
        var keyed = lines.ConvertAll(line => Matching(only, line).Count > 0 ? null : Keyed(asked, line));
        if (keyed is [not null, ..] && keyed.Find(each => each is not null && Index(asked, each.Key) is null) is { } other)
            return ([], $"it has no question {other.Key}; words of your own begin with \"{Own}\"");
        var values = lines.Select((line, at) => keyed[at]?.Value.Trim() ?? line).ToList();
        if (values.Count > 1 && values.TrueForAll(value => AreChoices(only, value)))
            return (values, null);
        if (keyed.Count(each => each is not null) > 1 && keyed[0] is not null)
            return ([], "question 1 is answered twice");
        return ([keyed is [not null, ..] ? text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..] : text], null);
    }

    private static AnswerReading OfSeveral(ClientAsk.Choice asked, List<string> lines)
    {
        var answers = new Dictionary<int, (List<string> Values, string? Note)>();
        var last = -1;
        foreach (var line in lines)
        {
            if (line.StartsWith(Note, StringComparison.OrdinalIgnoreCase))
            {
                if (last < 0 || answers[last].Note is not null)
                    return Refused("a note stands in the line after the answer it belongs to, one for each", asked);
                answers[last] = answers[last] with { Note = line[Note.Length..].Trim() };
                continue;
            }
            if (Keyed(asked, line) is not { } keyed)
                return Refused($"it asks {asked.Questions.Count} questions, and \"{Short(line)}\" does not say for which it is", asked);
            if (Index(asked, keyed.Key) is not { } index)
                return Refused($"it has no question {keyed.Key}", asked);
            if (answers.TryAdd(index, ([], null)) || IsMore(asked.Questions[index], [.. answers[index].Values, keyed.Value]))
                answers[index].Values.Add(keyed.Value.Trim());
            else
                return Refused($"question {index + 1} is answered twice", asked);
            last = index;
        }
        return Collect(asked, answers);
    }

    /// <summary>Where several may be chosen, a choice a line.</summary>
    private static bool IsMore(ChoiceQuestion question, List<string> values) =>
        question.MultiSelect && values.TrueForAll(value => AreChoices(question, value.Trim()));

    private static AnswerReading Collect(ClientAsk.Choice asked, Dictionary<int, (List<string> Values, string? Note)> answers)
    {
        var chosen = new List<Chosen>();
        for (var index = 0; index < asked.Questions.Count; index++)
        {
            var question = asked.Questions[index];
            if (!answers.TryGetValue(index, out var given))
                return Refused(
                    $"question {index + 1} ({Short(question.Name)}) has no answer: give one, or say \"{index + 1}: {Skip}\"", asked);
            var read = given.Values is [var value]
                ? OfValue(question, value, given.Note)
                : Labels(question, given.Values.SelectMany(each => Items(question, each)).ToList(), given.Note);
            if (read.Fault is { } fault)
                return Refused($"question {index + 1}: {fault}", asked);
            if (read.Chosen is { } one)
                chosen.Add(one);
        }
        return chosen.Count == 0
            ? Refused("every question is left out", asked)
            : new AnswerReading.Clear(new Decision.Answered(chosen));
    }

    private static Read OfValue(ChoiceQuestion question, string value, string? note)
    {
        value = value.Trim();
        if (value.Length == 0)
            return Read.Bad("there is no answer");
        if (value.StartsWith(Own, StringComparison.OrdinalIgnoreCase))
            return value.Length > Own.Length
                ? new Read(new Chosen(question.Question, []) { Words = value[Own.Length..].Trim(), Note = note }, null)
                : Read.Bad("there is no answer");
        if (value.Equals(Skip, StringComparison.OrdinalIgnoreCase) && Matching(question, value).Count == 0)
            return note is null ? new Read(null, null) : Read.Bad("what is left out has no note");
        var items = Items(question, value);
        if (items.TrueForAll(item => !IsNumber(item) && Matching(question, item).Count == 0))
            return new Read(new Chosen(question.Question, []) { Words = value, Note = note }, null);
        return Labels(question, items, note);
    }

    /// <summary>A name as it is, or what stands between commas.</summary>
    private static List<string> Items(ChoiceQuestion question, string value) => Matching(question, value).Count > 0
        ? [value]
        : (Numbers().IsMatch(value) ? value.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries) : value.Split([',', ';']))
            .Select(item => item.Trim()).ToList();

    private static bool AreChoices(ChoiceQuestion question, string value) =>
        Items(question, value).TrueForAll(item => IsNumber(item) || Matching(question, item).Count > 0);

    private static Read Labels(ChoiceQuestion question, List<string> items, string? note)
    {
        var labels = new List<string>();
        foreach (var item in items)
        {
            var matching = Matching(question, item);
            if (matching.Count > 1)
                return Read.Bad($"several choices are called \"{Short(item)}\": use its number");
            if (matching.Count == 0)
                return Read.Bad(IsNumber(item)
                    ? $"there is no choice {item.TrimEnd('.', ')')}, only 1 to {question.Options.Count}; a number as your own words is "
                        + $"\"{Own} {item}\""
                    : $"\"{Short(item)}\" is none of the choices, and the rest is; words of your own begin with \"{Own}\"");
            if (!labels.Contains(matching[0]))
                labels.Add(matching[0]);
        }
        return labels.Count > 1 && !question.MultiSelect
            ? Read.Bad($"only one may be chosen; words of your own begin with \"{Own}\"")
            : new Read(new Chosen(question.Question, labels) { Note = note }, null);
    }

    /// <summary>By which a program names a choice: no choice's name is taken for it.</summary>
    public static string ByNumber(int number) => string.Create(CultureInfo.InvariantCulture, $"{number})");

    /// <summary>The choices that a word means: by its name, else by its number; "2)" says that it is a number.</summary>
    private static List<string> Matching(ChoiceQuestion question, string word)
    {
        List<string> numbered = IsNumber(word)
            && int.Parse(word.TrimEnd('.', ')'), NumberStyles.None, CultureInfo.InvariantCulture) is var number
            && number >= 1 && number <= question.Options.Count ? [question.Options[number - 1].Label] : [];
        if (numbered.Count > 0 && !char.IsAsciiDigit(word[^1]))
            return numbered;
        var named = question.Options
            .Where(option => option.Label.Trim().Equals(word, StringComparison.OrdinalIgnoreCase)).Select(option => option.Label).ToList();
        return named.Count > 0 ? named : numbered;
    }

    private static Line? Keyed(ClientAsk.Choice asked, string line)
    {
        if (Numbered().Match(line) is { Success: true } numbered)
            return new Line(numbered.Groups["key"].Value, numbered.Groups["value"].Value);
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && Index(asked, line[..colon].Trim()) is not null ? new Line(line[..colon].Trim(), line[(colon + 1)..]) : null;
    }

    private static int? Index(ClientAsk.Choice asked, string key)
    {
        if (int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number >= 1 && number <= asked.Questions.Count ? number - 1 : null;
        var named = asked.Questions.Index()
            .Where(each => each.Item.Header.Equals(key, StringComparison.OrdinalIgnoreCase)).Select(each => each.Index).ToList();
        return named is [var only] ? only : null;
    }

    private static AnswerReading.Refused Refused(string fault, ClientAsk.Choice asked) => new($"{fault}. Allowed: {HowTo(asked)}");

    private static bool IsNumber(string word) => Number().IsMatch(word);

    private static string Short(string text) => Texts.Excerpt.Of(Texts.Visible.OneLine(text), 60);

    [GeneratedRegex(@"\A(?<key>\d{1,3})\s*:\s*(?<value>.*)\z", RegexOptions.Singleline)]
    private static partial Regex Numbered();

    [GeneratedRegex(@"\A\d{1,4}[.)]?\z")]
    private static partial Regex Number();

    [GeneratedRegex(@"\A\d{1,4}(?:[,\s]+\d{1,4})+\z")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\A(?:decline|dismiss|deny)\s*(?:\z|[:,](?<reason>.*)\z)", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Declining();

    [GeneratedRegex(@"\A(?:allow|always|approve)\b[^:]*\z", RegexOptions.IgnoreCase)]
    private static partial Regex Granting();
}
