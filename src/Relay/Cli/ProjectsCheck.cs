using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Relay.Agents.Connect;
using Relay.Configuration;
using Relay.Files;

namespace Relay.Cli;

/// <summary>How doctor checks the projects that were connected: whether their files still open the relay.</summary>
internal static partial class ProjectsCheck
{
    private const string Name = "projects";

    private static readonly string[] Files = [".mcp.json", ".claude/settings.json", ".claude/settings.local.json"];

    public static List<Finding> Run(RelayHome home)
    {
        try
        {
            var folders = new ConnectedFolders(home).All();
            var book = new ConnectionBook(home, TimeProvider.System);
            var findings = folders.Select(folder => Check(folder, home, book)).OfType<Finding>().ToList();
            return findings.Count > 0 || folders.Count == 0
                ? findings
                : [Finding.Ok(Name, $"{Printing.Many(folders.Count, "connected project")} with valid tokens")];
        }
        catch (InvalidDataException exception)
        {
            return [Finding.Fault(Name, exception.Message, "relay connect claude-code --project DIR makes a token anew")];
        }
    }

    /// <summary>Null where nothing is wrong.</summary>
    private static Finding? Check(string folder, RelayHome home, ConnectionBook book)
    {
        if (!Directory.Exists(folder))
            return Finding.Warning(
                Name, $"{folder} was connected and is gone", $"relay disconnect claude-code --project {ShellWord.Quote(folder)}");
        try
        {
            var texts = Files.Select(file => Text(folder, file)).ToList();
            var all = string.Concat(texts);
            if (OperatorVariable().IsMatch(all))
                return Fault("uses RELAY_TOKEN, the operator's own, which opens nothing for a session any more", all);
            return Token(texts[^1]) is { } token ? OfToken(token, all) : null;
        }
        catch (Exception exception) when (exception is ConnectFault or IOException or UnauthorizedAccessException)
        {
            return Finding.Warning(Name, $"{folder} cannot be looked at: {exception.Message}", "see its .mcp.json and .claude");
        }

        Finding Fault(string what, string all) => Finding.Fault(Name, $"{folder} {what}", Mend(folder, home, book, all));

        Finding? OfToken(string token, string all) => book.Find(token) switch
        {
            ConnectionBook.Found.Valid => null,
            ConnectionBook.Found.Revoked revoked => Fault($"has the token of {revoked.Entry.Name}, which is revoked", all),
            _ when !all.Contains(home.Root, StringComparison.Ordinal) => Finding.Warning(
                Name, $"{folder} is connected with another relay by now",
                $"nothing, or {Mend(folder, home, book, all)}"),
            _ => Fault("has a token that this relay does not know, or has replaced", all),
        };
    }

    /// <summary>As it was connected.</summary>
    private static string Mend(string folder, RelayHome home, ConnectionBook book, string files)
    {
        var session = book.List().FirstOrDefault(entry => entry.Folder == folder) is { } known ? $" --session {known.Name}" : "";
        var mode = RelayMode().IsMatch(files) ? " --mode relay" : "";
        var permissions = files.Contains("\"PermissionRequest\"", StringComparison.Ordinal) ? " --permissions" : "";
        return $"relay connect claude-code --project {ShellWord.Quote(folder)}{session}{mode}{permissions} "
            + $"--home {ShellWord.Quote(home.Root)}, then start its sessions again";
    }

    private static string Text(string folder, string file) =>
        new ForeignFolder(folder).Read(Path.Combine(folder, file)) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";

    private static string? Token(string local)
    {
        try
        {
            return JsonNode.Parse(local)?["env"]?[LocalSettings.Variable] is JsonValue value && value.TryGetValue<string>(out var token)
                ? token
                : null;
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    [GeneratedRegex("""(\$\{?|")RELAY_TOKEN\b""")]
    private static partial Regex OperatorVariable();

    [GeneratedRegex("X-Relay-Mode\"?\\s*:\\s*\"?relay")]
    private static partial Regex RelayMode();
}
