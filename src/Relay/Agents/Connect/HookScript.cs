using System.Text;

namespace Relay.Agents.Connect;

/// <summary>The script by which the client's command hooks reach the relay: a shell and curl, which start in a tenth of the time of a
/// .NET program, and say nothing when the relay does not answer, as the client's own http hooks would at every event.</summary>
/// <param name="Home">The relay's; empty where it is another user's.</param>
/// <param name="Url">Used only where the home cannot be read.</param>
/// <param name="Program">The command line that runs this program, quoted for a shell.</param>
internal sealed record HookScript(string Home, string Url, string Program)
{
    public const string Name = "relay-hook";

    private const string Folder = "claude-code";

    /// <summary>For sessions that have no token in their environment; null where they have.</summary>
    public string? TokenFile { get; init; }

    /// <summary>In a folder of the user's own, which is no project.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, Folder, Name);

    public byte[] Content()
    {
        using var resource = typeof(HookScript).Assembly.GetManifestResourceStream("relay-hook.sh")!;
        using var reader = new StreamReader(resource);
        return Encoding.UTF8.GetBytes(reader.ReadToEnd()
            .Replace("@HOME@", ShellWord.Quote(Home), StringComparison.Ordinal)
            .Replace("@URL@", ShellWord.Quote(Url), StringComparison.Ordinal)
            .Replace("@TOKEN_FILE@", ShellWord.Quote(TokenFile ?? ""), StringComparison.Ordinal)
            .Replace("@PROGRAM@", Program, StringComparison.Ordinal));
    }

    /// <summary>A hook's command.</summary>
    /// <param name="script">The script's path, quoted for a shell.</param>
    /// <param name="seconds">After which it gives up.</param>
    /// <param name="headers">What the relay is told with the event.</param>
    public static string Command(string script, int seconds, IEnumerable<KeyValuePair<string, string>> headers) => string.Join(
        ' ', [$"sh {script}", FormattableString.Invariant($"{seconds}"), .. headers.Select(each => $"{each.Key}:{each.Value}")]);

    public static bool IsCommand(string command) =>
        command.StartsWith("sh ", StringComparison.Ordinal) && command.Contains("/" + Name, StringComparison.Ordinal);
}
