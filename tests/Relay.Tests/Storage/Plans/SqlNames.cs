using System.Text.RegularExpressions;

namespace Relay.Tests.Storage.Plans;

/// <summary>Finds names in a text of SQL.</summary>
internal static partial class SqlNames
{
    /// <summary>Of the parameters, each once.</summary>
    public static IEnumerable<string> In(string text) => Parameter().Matches(text).Select(match => match.Value).Distinct();

    /// <summary>The text with each parameter's name replaced.</summary>
    public static string Replace(string text, Func<string, string> replacement) =>
        Parameter().Replace(text, match => replacement(match.Value));

    /// <summary>The table that a name in a plan stands for: itself, or what the text gives the name to; null where it is none.</summary>
    public static string? TableOf(string text, string name, IReadOnlySet<string> tables)
    {
        var alias = Alias().Matches(text).FirstOrDefault(match => match.Groups["alias"].Value == name);
        var table = alias?.Groups["table"].Value ?? name;
        return tables.Contains(table) ? table : null;
    }

    [GeneratedRegex("@[a-z0-9]+")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\b(FROM|JOIN)\s+(?<table>[a-z_]+)\s+(AS\s+)?(?<alias>[a-z_]+)\b")]
    private static partial Regex Alias();
}
