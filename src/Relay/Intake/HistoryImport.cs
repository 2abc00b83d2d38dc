using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Intake;

/// <summary>Imports the conversation of the older Python relay, state/conversation.json, at the first start only.
/// The file is not changed.</summary>
internal sealed partial class HistoryImport(Database database, SettingsSource settings, ILogger<HistoryImport> log)
{
    private const int LargestFile = 1 << 30;

    private sealed record Line(EntryRole Role, string Speaker, string Content);

    /// <exception cref="InvalidDataException">The older relay has not written the file like this. Nothing is imported, and the relay
    /// must not start, because the next start would no longer be the first.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (await IsFirstStartAsync(cancellationToken) is false)
            return;
        var file = settings.Current.Home.HistoryFile;
        var lines = File.Exists(file) ? Read(file, settings.Current.Config.Operator.Name) : [];
        await database.WriteAsync(
            async writing =>
            {
                await ConversationStore.KnowAsync(writing, SessionDirectory.Default, cancellationToken);
                foreach (var line in lines)
                    await Journal.AppendAsync(
                        writing, new NewEntry(SessionDirectory.Default, line.Role, line.Speaker, line.Content), cancellationToken);
                CrashPoint.Pass("import-1-copied");
                await FactStore.AddAsync(writing, FactStore.FirstStart, writing.Now.ToString("O"), cancellationToken);
            },
            cancellationToken);
        CrashPoint.Pass("import-2-committed");
        if (lines.Count > 0)
            LogImported(lines.Count, file);
    }

    private Task<bool> IsFirstStartAsync(CancellationToken cancellationToken) => database.ReadAsync(
        async reading => await FactStore.FindAsync(reading, FactStore.FirstStart, cancellationToken) is null, cancellationToken);

    private const int LongestName = 56;

    private static List<Line> Read(string file, string @operator)
    {
        try
        {
            var bytes = BoundedFile.ReadOwn(file, LargestFile) switch
            {
                FileContent.Bytes found => found.Content.AsMemory(),
                FileContent.Unreadable unreadable => throw new InvalidDataException($"{file}: {unreadable.Reason}"),
                _ => "[]"u8.ToArray(), // It is gone since.
            };
            if (bytes.Span.StartsWith(Encoding.UTF8.Preamble))
                bytes = bytes[Encoding.UTF8.Preamble.Length..];
            using var document = JsonDocument.Parse(bytes);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                throw new InvalidDataException($"{file}: a list of {{\"role\", \"content\"}} is expected; correct it or move it away");
            return document.RootElement.EnumerateArray()
                .Select((element, index) => ReadTextLine(file, element, index, @operator))
                .Where(line => line.Content.Length > 0)
                .ToList();
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{file}: {exception.Message}; correct it or move it away", exception);
        }
    }

    /// <summary>What could be taken for the operator, the relay or the advisor speaks as a session all the same.</summary>
    private static string NameOf(string session, string @operator)
    {
        if (SessionId.TryParse(session) is not null && !ReservedNames.IsOperators(session, @operator))
            return session;
        var letters = NotInNames().Replace(session, "-").Trim('-');
        return "session-" + letters[..Math.Min(letters.Length, LongestName)];
    }

    [GeneratedRegex("[^A-Za-z0-9_-]+")]
    private static partial Regex NotInNames();

    private static Line ReadTextLine(string file, JsonElement element, int index, string @operator)
    {
        try
        {
            return ReadLine(file, element, index, @operator);
        }
        catch (InvalidOperationException exception) when (JsonFault.IsNoText(exception))
        {
            throw new InvalidDataException(
                $"{file}: {JsonFault.OfString($"element {index}", exception)}; correct it or move it away", exception);
        }
    }

    private static Line ReadLine(string file, JsonElement element, int index, string @operator)
    {
        if (Text(element, "role") is not { } role || !element.TryGetProperty("content", out var content))
            throw new InvalidDataException($"{file}: element {index} has no role and content; correct it or move it away");
        if (role is not ("user" or "assistant"))
            throw new InvalidDataException(
                $"{file}: element {index} has the role \"{role}\", user or assistant is expected; correct it or move it away");
        var text = content.ValueKind == JsonValueKind.Array
            ? string.Concat(content.EnumerateArray().Select(block => Text(block, "text")))
            : content.GetString() ?? "";
        var speaker = Text(element, "session_id") is { Length: > 0 } session ? NameOf(session, @operator) : role;
        return role == "assistant"
            ? new Line(EntryRole.Assistant, "advisor", text.Trim())
            : new Line(EntryRole.User, speaker, text.Trim());
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    [LoggerMessage(LogLevel.Information, "Imported {Entries} entries of the older relay from {File}")]
    private partial void LogImported(int entries, string file);
}
