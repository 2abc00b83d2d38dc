using System.Text;
using System.Text.RegularExpressions;
using Relay.Files;

namespace Relay.Agents.Connect;

/// <summary>What a work tree's own .gitignore files say of a file (git's gitignore). They go before .git/info/exclude: where one of them
/// takes a file back in, that list keeps it out in vain.</summary>
/// <param name="workTree">Its top.</param>
internal sealed class GitIgnore(string workTree)
{
    private const int LargestFile = 1024 * 1024, LongestPattern = 1_000;

    private sealed record Rule(Regex Pattern, bool TakesIn, bool IsForFolders, string Place);

    /// <summary>The line by which git takes a file in: the file, its number and what it says. Null where none does.</summary>
    /// <param name="file">From the top of the work tree.</param>
    public string? TakesIn(string file)
    {
        for (var end = file.IndexOf('/'); end >= 0; end = file.IndexOf('/', end + 1))
            if (Last(file[..end], isFolder: true) is { TakesIn: false })
                return null; // What lies in a folder that is left out is never taken in.
        return Last(file, isFolder: false) is { TakesIn: true } rule ? rule.Place : null;
    }

    /// <summary>The rule that decides: of the nearest folder the last that fits.</summary>
    private Rule? Last(string path, bool isFolder)
    {
        for (var end = path.LastIndexOf('/'); ; end = path.LastIndexOf('/', end - 1))
        {
            var (folder, below) = (end < 0 ? "" : path[..end], path[(end + 1)..]);
            if (Rules(folder).LastOrDefault(rule => (isFolder || !rule.IsForFolders) && rule.Pattern.IsMatch(below)) is { } found)
                return found;
            if (end <= 0)
                return null;
        }
    }

    private IEnumerable<Rule> Rules(string folder)
    {
        var path = Path.Combine(workTree, folder, ".gitignore");
        if (BoundedFile.Read(path, LargestFile) is not FileContent.Bytes bytes)
            yield break;
        foreach (var (index, line) in Encoding.UTF8.GetString(bytes.Content).TrimStart('\uFEFF').Split('\n').Index())
            if (Parse(line.TrimEnd('\r')) is var (text, takesIn, isForFolders) && text.Length is > 0 and <= LongestPattern
                && Expression(text) is { } expression)
                yield return new Rule(
                    expression, takesIn, isForFolders, FormattableString.Invariant($"{path}:{index + 1} ({line.Trim()})"));
    }

    private static (string Text, bool TakesIn, bool IsForFolders) Parse(string line)
    {
        while (line.EndsWith(' ') && !line.EndsWith(@"\ ", StringComparison.Ordinal))
            line = line[..^1];
        if (line.StartsWith('#'))
            return ("", false, false);
        var takesIn = line.StartsWith('!');
        if (takesIn)
            line = line[1..];
        var isForFolders = line.EndsWith('/');
        return (isForFolders ? line[..^1] : line, takesIn, isForFolders);
    }

    /// <summary>With a slash in it a pattern counts from its folder on, else at any depth. Null for one that fits nothing.</summary>
    private static Regex? Expression(string pattern)
    {
        var expression = new StringBuilder(pattern.Contains('/') ? @"\A" : @"\A(?:.*/)?");
        var text = pattern.StartsWith('/') ? pattern[1..] : pattern;
        for (var at = 0; at < text.Length; at++)
            at += Append(expression, text, at);
        try
        {
            return new Regex(
                expression.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline | RegexOptions.CultureInvariant,
                TimeSpan.FromSeconds(1));
        }
        catch (RegexParseException)
        {
            return null; // As [z-a].
        }
    }

    /// <returns>How many signs more than one were used.</returns>
    private static int Append(StringBuilder expression, string text, int at)
    {
        var rest = text.AsSpan(at);
        var isFirst = at == 0 || text[at - 1] == '/';
        if (isFirst && rest.StartsWith("**/"))
        {
            expression.Append("(?:.*/)?");
            return 2;
        }
        if (isFirst && rest is "**")
        {
            expression.Append(".+");
            return 1;
        }
        if (rest[0] == '[' && rest.Length > 2 && rest[2..].IndexOf(']') is var end and >= 0)
        {
            expression.Append('[').Append(rest[1] is '!' or '^' ? "^" : Class(rest[1..2])).Append(Class(rest[2..(end + 2)])).Append(']');
            return end + 2;
        }
        if (rest[0] == '\\' && rest.Length > 1)
        {
            expression.Append(Regex.Escape(rest[1..2].ToString()));
            return 1;
        }
        expression.Append(rest[0] switch { '*' => "[^/]*", '?' => "[^/]", var other => Regex.Escape(other.ToString()) });
        return 0;
    }

    private static string Class(ReadOnlySpan<char> signs) => signs.ToString().Replace(@"\", @"\\").Replace("[", @"\[");
}
