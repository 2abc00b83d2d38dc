using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Options as buttons.</summary>
internal static class OptionText
{
    private const int LongestLabel = 80;

    private static readonly string[] Breaks = [": ", " — ", " – ", "; ", ", "];

    /// <summary>Its words are the key, as with every other way to answer: what the option says is the advisor's.</summary>
    public static OptionView View(OptionLine option)
    {
        var (label, detail) = Split(Visible.OneLine(option.Text));
        string?[] parts = [option.IsRecommended ? "recommended" : null, detail];
        var below = string.Join(" · ", parts.OfType<string>());
        return new OptionView(option.Key, $"({option.Key}) {label}", below.Length == 0 ? null : below, option.IsRecommended);
    }

    public static string Named(OptionLine option) => Visible.OneLine(option.Named);

    /// <summary>The text without the lines of its options, where nothing but these stands at its end; else as it is.</summary>
    public static string Without(string text, IReadOnlyList<OptionLine> options)
    {
        if (options.Count == 0)
            return text;
        var lines = text.Split('\n');
        var first = Array.FindIndex(lines, line => OptionLines.Of(line).Count == 1);
        if (first < 0)
            return text;
        var rest = lines[first..].Where(line => !string.IsNullOrWhiteSpace(line)).ToList();
        return rest.Count == options.Count && rest.TrueForAll(line => OptionLines.Of(line).Count == 1)
            ? string.Join('\n', lines[..first]).TrimEnd()
            : text;
    }

    /// <summary>What it is, and what comes of it, where that is told apart.</summary>
    private static (string Label, string? Detail) Split(string text)
    {
        var found = Breaks.Select(mark => (At: text.IndexOf(mark, StringComparison.Ordinal), mark.Length))
            .Where(each => each.At is > 2 and < LongestLabel).DefaultIfEmpty((At: -1, Length: 0)).MinBy(each => each.At);
        return found.At < 0 ? (text, null) : (text[..found.At], text[(found.At + found.Length)..]);
    }
}
