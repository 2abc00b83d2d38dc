using System.Text.RegularExpressions;

namespace Relay.Texts;

/// <summary>An option that a question offers: "- (a) Merge them (recommended)".</summary>
internal sealed record OptionLine(string Key, string Text, bool IsRecommended)
{
    /// <summary>"(a) Merge them".</summary>
    public string Named => $"({Key}) {Text}";
}

/// <summary>Reads the options of a question. Lines that are none are text, and so is all that stands in a fenced block.</summary>
internal static partial class OptionLines
{
    private const int Most = 20;

    /// <summary>None where two have the same key, or there are too many: then they are text, too.</summary>
    public static IReadOnlyList<OptionLine> Of(string text)
    {
        var found = Line().Matches(text).Where(match => match.Groups["key"].Success).Select(Read).ToList();
        var keys = found.Select(option => option.Key).Distinct(StringComparer.OrdinalIgnoreCase).Count();
        if (found.Count > Most || keys < found.Count)
            return [];
        return found.Count(option => option.IsRecommended) <= 1
            ? found
            : found.ConvertAll(option => option with { IsRecommended = false });
    }

    /// <summary>An option's text without the mark that recommends it.</summary>
    public static string WithoutMark(string text) => Blanks().Replace(Mark().Replace(text, " "), " ").Trim();

    private static OptionLine Read(Match match)
    {
        var text = match.Groups["text"].Value;
        return new OptionLine(match.Groups["key"].Value, WithoutMark(text), Mark().IsMatch(text));
    }

    [GeneratedRegex(
        @"^ {0,3}(?:(?<fence>`{3,}|~{3,})[^\n]*(?:\n(?s:.*?)(?:^ {0,3}\k<fence>[`~]*[ \t\r]*$|\z)|\z)"
        + @"|[-*\u2022][ \t]+\((?<key>[A-Za-z0-9]{1,3})\)[ \t]+(?<text>[^\s][^\r\n]*))",
        RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"\*{0,2}\(recommended\)\*{0,2}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Mark();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
