namespace Relay.Texts;

/// <summary>A piece of a line that is shown of what was found.</summary>
/// <param name="Text">Safe to show.</param>
/// <param name="IsFound">It was looked for.</param>
internal readonly record struct SnippetPart(string Text, bool IsFound);

/// <summary>The surroundings of what was looked for, in one line.</summary>
internal static class Snippet
{
    private const int Before = 80, After = 200;

    public static List<SnippetPart> Of(string text, SearchQuery query)
    {
        var first = query.PlacesIn(text).Select(place => place.Start).FirstOrDefault();
        var (start, end) = (Border(text, Math.Max(0, first - Before)), Border(text, Math.Min(text.Length, first + After)));
        var line = (start > 0 ? "… " : "") + text[start..end].ReplaceLineEndings(" ").Replace('\t', ' ') + (end < text.Length ? " …" : "");
        var parts = new List<SnippetPart>();
        var at = 0;
        foreach (var (found, length) in query.PlacesIn(line))
        {
            Add(line[at..found], isFound: false);
            Add(line[found..(found + length)], isFound: true);
            at = found + length;
        }
        Add(line[at..], isFound: false);
        return parts;

        void Add(string part, bool isFound)
        {
            if (part.Length > 0)
                parts.Add(new SnippetPart(Visible.OneLine(part), isFound));
        }
    }

    /// <summary>Not between the two halves of a character.</summary>
    private static int Border(string text, int index) =>
        index > 0 && index < text.Length && char.IsLowSurrogate(text[index]) ? index - 1 : index;
}
