using System.Globalization;
using System.Text;

namespace Relay.Texts;

/// <summary>A word of a text, in small letters without marks, and where it stands in the text.</summary>
internal readonly record struct FoundWord(string Folded, int Start, int Length);

/// <summary>Takes a text apart into the words by which it is found, the same way whatever holds the index.</summary>
internal static class SearchWords
{
    /// <summary>Of a longer one the rest does not count: nobody types it, and no index takes words of any length.</summary>
    private const int Longest = 100;

    /// <summary>The letters from U+00E0 to U+017F without their marks; a point where one stays as it is. (The program has no tables of a
    /// culture with it, and so does not take letters apart.)</summary>
    private const string Latin =
        "aaaaaa.ceeeeiiii.nooooo.ouuuuy.y" + "aaaaaaccccccccddddeeeeeeeeeegggg" + "gggghhhhiiiiiiiiii..jjkk.lllllll"
        + "lllnnnnnn...oooooo..rrrrrrssssss" + "ssttttttuuuuuuuuuuuuwwyyyzzzzzz.";
    private const int FirstFolded = 0xE0;

    public static IEnumerable<FoundWord> Of(string text)
    {
        var word = new StringBuilder();
        var start = 0;
        for (var index = 0; index < text.Length;)
        {
            var isRune = Rune.TryGetRuneAt(text, index, out var rune);
            var length = isRune ? rune.Utf16SequenceLength : 1;
            var kind = !isRune ? Kind.None : KindOf(rune);
            if (word.Length > 0 && kind is Kind.None or Kind.Alone)
            {
                yield return new FoundWord(word.ToString(), start, index - start);
                word.Clear();
            }
            if (kind is Kind.Letter or Kind.Alone)
            {
                if (word.Length == 0)
                    start = index;
                if (word.Length < Longest)
                    Fold(rune, word);
            }
            index += length;
            if (kind == Kind.Alone && word.Length > 0)
            {
                yield return new FoundWord(word.ToString(), start, index - start);
                word.Clear();
            }
        }
        if (word.Length > 0)
            yield return new FoundWord(word.ToString(), start, text.Length - start);
    }

    private enum Kind
    {
        None,
        Letter,

        /// <summary>It goes with the letter before it, and does not count.</summary>
        Mark,

        /// <summary>Of a script without spaces: each is a word.</summary>
        Alone,
    }

    private static Kind KindOf(Rune rune)
    {
        if (rune.IsAscii)
            return Rune.IsLetterOrDigit(rune) ? Kind.Letter : Kind.None;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark)
            return Kind.Mark;
        if (!Rune.IsLetterOrDigit(rune))
            return Kind.None;
        return rune.Value is (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF)
            or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF) ? Kind.Alone : Kind.Letter;
    }

    private static void Fold(Rune rune, StringBuilder word)
    {
        if (rune.IsAscii)
        {
            word.Append((char)Rune.ToLowerInvariant(rune).Value);
            return;
        }
        var small = Rune.ToLowerInvariant(rune);
        if (small.Value is >= FirstFolded and < FirstFolded + 160 && Latin[small.Value - FirstFolded] is var letter and not '.')
            word.Append(letter);
        else
            word.Append(small);
    }
}

/// <summary>Words that have to stand next to each other.</summary>
/// <param name="Words">One, or several in their order.</param>
/// <param name="IsBeginning">The last of them is only the beginning of a word.</param>
internal sealed record SearchTerm(IReadOnlyList<string> Words, bool IsBeginning)
{
    public bool IsAt(IReadOnlyList<FoundWord> text, int index)
    {
        if (index + Words.Count > text.Count)
            return false;
        for (var word = 0; word < Words.Count; word++)
        {
            var isLast = word == Words.Count - 1;
            if (isLast && IsBeginning
                ? !text[index + word].Folded.StartsWith(Words[word], StringComparison.Ordinal)
                : text[index + word].Folded != Words[word])
                return false;
        }
        return true;
    }
}

/// <summary>What a person looks for: plain words, which all have to be there; in quotes, next to each other; with a star behind it, the
/// beginning of a word. Nothing that is typed is a mistake.</summary>
internal sealed record SearchQuery(IReadOnlyList<SearchTerm> Terms)
{
    public const int Longest = 500;
    private const int MostTerms = 20;

    /// <summary>Null where there is no word in it.</summary>
    public static SearchQuery? Parse(string text)
    {
        var terms = new List<SearchTerm>();
        var isQuoted = false;
        foreach (var part in (text.Length > Longest ? text[..Longest] : text).Split('"', '“', '”', '„', '«', '»'))
        {
            foreach (var piece in isQuoted ? [part] : part.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                if (SearchWords.Of(piece).Select(word => word.Folded).ToList() is { Count: > 0 } words)
                    terms.Add(new SearchTerm(words, !isQuoted && piece.EndsWith('*')));
            isQuoted = !isQuoted;
        }
        return terms.Count == 0 ? null : new SearchQuery(terms.Take(MostTerms).ToList());
    }

    /// <summary>The places of a text that are looked for.</summary>
    public List<(int Start, int Length)> PlacesIn(string text)
    {
        var words = SearchWords.Of(text).ToList();
        var places = new List<(int Start, int Length)>();
        for (var index = 0; index < words.Count; index++)
            if (Terms.Where(term => term.IsAt(words, index)).MaxBy(term => term.Words.Count) is { } term)
            {
                var last = words[index + term.Words.Count - 1];
                places.Add((words[index].Start, last.Start + last.Length - words[index].Start));
                index += term.Words.Count - 1;
            }
        return places;
    }
}
