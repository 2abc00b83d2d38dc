using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Configuration.Allowing;

namespace Relay.Configuration;

/// <summary>Allows a tool without asking, if its input matches the pattern. In the pattern * stands for any text that does no more than the
/// rest says: with it a command must be one that is known to start no other and to change nothing, a path stays below its folder, an
/// address at its host. A pattern without * allows exactly that.</summary>
internal sealed record AllowRule(string Tool, string Pattern)
{
    private const string Anything = "*", RestOfWord = @"\S*";

    private bool HasStar => Pattern.Contains('*');

    public bool Covers(string tool, JsonElement? input)
    {
        if (tool != Tool || input is not { } given || ToolInput.SubjectOf(tool, given) is not { } subject)
            return false;
        return tool switch
        {
            "Bash" => CoversCommand(subject.Trim()),
            _ when Pattern == Anything => true,
            "WebFetch" => CoversAddress(subject),
            _ when ToolInput.IsKnown(tool) =>
                Matches(subject, ".*") && !(HasStar && (ToolInput.ClimbsOut(subject) || ToolInput.LooksElsewhere(tool, given))),
            _ => Matches(subject, "[^\"]*") && !(HasStar && ToolInput.ClimbsOut(given)), // No * brings in another field.
        };
    }

    private bool CoversCommand(string command)
    {
        if (!HasStar)
            return command == Pattern;
        if (ShellWords.Parse(command) is not { } words)
            return false;
        var makes = Pattern.Split(' ')[0] == words[0].Text && HarmlessCommand.Makes(words);
        if (!makes && !HarmlessCommand.Is(words))
            return false;
        if ((makes || IsAboutPaths) && words.Any(word => ToolInput.ClimbsOut(word.Text)))
            return false;
        var star = makes ? RestOfWord : ".*";
        return Matches(command, star) || Matches(string.Join(' ', words.Select(word => word.Text)), star);
    }

    /// <summary>Whether a * of a command's pattern stands in a path: there it is the rest of that path.</summary>
    private bool IsAboutPaths => Pattern.Split(' ').Any(word => word.Contains('/') && word.Contains('*'));

    /// <summary>"https://example.com*" must not cover "https://example.com.evil.test/" nor "https://example.com@evil.test/".</summary>
    private bool CoversAddress(string address)
    {
        if (!HasStar)
            return address == Pattern;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var parsed) || parsed.UserInfo.Length > 0
            || address.Contains('\\') || address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
            || ToolInput.ClimbsOut(Uri.UnescapeDataString(address)))
            return false;
        var host = Pattern.IndexOf("://", StringComparison.Ordinal) is var colon and >= 0 ? colon + "://".Length : 0;
        var path = Pattern.IndexOf('/', host) is var slash and >= 0 ? slash : Pattern.Length;
        var ofHost = Pattern[..path];
        const string partOfHost = "[^/?#]*";
        if (ofHost[host..] == Anything && path == Pattern.Length)
            return IsMatch(address, Expression(ofHost, ".*"));
        var start = ofHost.EndsWith('*') && path == Pattern.Length
            ? Expression(ofHost[..^1], partOfHost) + "([/?#:].*)?"
            : Expression(ofHost, partOfHost);
        return IsMatch(address, start + Expression(Pattern[path..], ".*"));
    }

    /// <param name="text">What is to match the pattern.</param>
    /// <param name="star">What a * stands for. In a path within a command it is the rest of the word.</param>
    private bool Matches(string text, string star)
    {
        if (Tool != "Bash")
            return IsMatch(text, Expression(Pattern, star));
        var words = Pattern.Split(' ').Select(word => Expression(word, word.Contains('/') ? RestOfWord : star));
        return IsMatch(text, string.Join(' ', words));
    }

    private static string Expression(string pattern, string star) => string.Join(star, pattern.Split('*').Select(Regex.Escape));

    private static bool IsMatch(string text, string expression) => Regex.IsMatch(
        text, $@"\A{expression}\z", RegexOptions.Singleline | RegexOptions.NonBacktracking | RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1));
}
