using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Relay.Agents.Connect;

/// <summary>The script by which the client's command hooks reach the relay: a shell and curl, which start in a tenth of the time of a
/// .NET program, and say once that the relay went down, as the client's own http hooks would at every event.</summary>
/// <param name="Home">The relay's; empty where it is another user's.</param>
/// <param name="Url">Used only where the home cannot be read.</param>
/// <param name="Program">The command line that runs this program, quoted for a shell.</param>
internal sealed partial record HookScript(string Home, string Url, string Program)
{
    public const string Name = "relay-hook";

    private const string Folder = "claude-code", Mark = "Written by relay connect";

    /// <summary>Where it is a file of the project, for all who have that.</summary>
    public const string Shared = ".claude/" + Name, SharedWord = $"\"$CLAUDE_PROJECT_DIR\"/{Shared}";

    /// <summary>For files that are committed: it names nothing of a machine, and is silent for those who have no token.</summary>
    public static HookScript ForAll(string url) => new(Home: "", url, Program: "relay");

    /// <summary>Whether a file is one of these.</summary>
    public static bool Is(byte[] content) => Encoding.UTF8.GetString(content).Contains(Mark, StringComparison.Ordinal);

    /// <summary>For sessions that have no token in their environment; null where they have.</summary>
    public string? TokenFile { get; init; }

    /// <summary>With this word, in the place of a header, an event's answer may tell the user that the relay is gone.</summary>
    public const string Tell = "tell";

    /// <summary>The answer to an event that finds no relay any more: the client shows it to its user.</summary>
    public static string Unreached(string place, string start) => new JsonObject
    {
        ["systemMessage"] = $"Relay does not answer any more ({place}). This session goes on without it. To start it: {start}",
    }.ToJsonString();

    /// <summary>The command that starts the relay.</summary>
    public static string StartOf(string home) =>
        home.Length > 0 ? $"relay run --home {ShellWord.Quote(home)}" : "relay run, as the relay's own user";

    /// <summary>In a folder of the user's own, which is no project.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, Folder, Name);

    public byte[] Content()
    {
        using var resource = typeof(HookScript).Assembly.GetManifestResourceStream("relay-hook.sh")!;
        using var reader = new StreamReader(resource);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd()
            .Replace("@HOME@", ShellWord.Quote(Home), StringComparison.Ordinal)
            .Replace("@URL@", ShellWord.Quote(Url), StringComparison.Ordinal)
            .Replace("@UNREACHED@", ShellWord.Quote(Unreached(Home.Length > 0 ? Home : Url, StartOf(Home))), StringComparison.Ordinal)
            .Replace("@TOKEN_FILE@", ShellWord.Quote(TokenFile ?? ""), StringComparison.Ordinal)
            .Replace("@PROGRAM@", Program, StringComparison.Ordinal));
    }

    /// <summary>A hook's command. It ends well where the script is gone: a shell that finds none ends with 2, by which a hook forbids the
    /// prompt, the tool or the stop that it was run for.</summary>
    /// <param name="script">The script's path, quoted for a shell.</param>
    /// <param name="seconds">After which it gives up.</param>
    /// <param name="headers">What the relay is told with the event, and <see cref="Tell"/>.</param>
    public static string Command(string script, int seconds, IEnumerable<KeyValuePair<string, string>> headers) => string.Join(
        ' ',
        [
            $"sh {script}",
            FormattableString.Invariant($"{seconds}"),
            .. headers.Select(each => each.Key == Tell ? Tell : $"{each.Key}:{each.Value}"),
            "|| :",
        ]);

    public static bool IsCommand(string command) => Written().IsMatch(command);

    /// <summary>The script, perhaps quoted, and its seconds: a script of somebody else's may have a name like it.</summary>
    [GeneratedRegex($@"\Ash .*/{Name}[""']? \d+(?: |\z)", RegexOptions.Singleline)]
    private static partial Regex Written();
}
