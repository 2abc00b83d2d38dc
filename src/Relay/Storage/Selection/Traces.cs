using System.Globalization;
using System.Text.Json;
using Relay.Configuration;
using Relay.Files;

namespace Relay.Storage.Selection;

/// <summary>What else in a home tells that it had a database with something in it, where the file that remembers it is gone, too. Only what
/// this program has written counts: the home of the older Python relay has had none.</summary>
internal static class Traces
{
    /// <summary>Of the newest part of the log.</summary>
    private const int LogLimit = 12 << 20;

    /// <summary>Null where nothing tells of one. Not for a home that was told to forget: that remembers that it has none.</summary>
    public static string? Of(RelayHome home) =>
        File.Exists(home.KnownDatabaseFile) ? null
        : InStatus(home.StatusFile) ?? InStatus(Path.Combine(home.Logs, "status.json")) ?? Rescued(home) ?? InDispatch(home) ?? InLog(home);

    private static string? InStatus(string file)
    {
        if (BoundedFile.ReadState(file).Found is not { } bytes)
            return null;
        try
        {
            using var status = JsonDocument.Parse(bytes);
            var root = status.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("calls_of_unknown_cost", out _))
                return null;
            var (turns, tokens) = (Number(root, "history_turns"), Number(root, "total_input_tokens") + Number(root, "total_output_tokens"));
            return turns > 0 || tokens > 0 || IsTold(root, "last_dispatch_at") || IsTold(root, "last_needs_jc_at")
                ? string.Create(
                    CultureInfo.InvariantCulture, $"{Path.GetFileName(file)} says that it had {turns} turns and {tokens} tokens were used")
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : 0;

    private static bool IsTold(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String;

    private static string? Rescued(RelayHome home) =>
        File.Exists(home.DatabaseFile + ".rescued") ? $"{Path.GetFileName(home.DatabaseFile)}.rescued lies beside it" : null;

    private static string? InDispatch(RelayHome home)
    {
        if (!Directory.Exists(home.Dispatch))
            return null;
        if (Directory.Exists(home.Staged) && Directory.EnumerateFiles(home.Staged).Any())
            return "replies lie in dispatch/.staged";
        return Directory.EnumerateDirectories(home.Dispatch).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "input.json")))
            is { } session
            ? $"a reply lies in dispatch/{Path.GetFileName(session)}"
            : null;
    }

    private static string? InLog(RelayHome home)
    {
        if (!Directory.Exists(home.Logs))
            return null;
        var logs = Directory.EnumerateFiles(home.Logs, "relay*.log").Select(path => new FileInfo(path));
        var newest = logs.MaxBy(log => log.LastWriteTimeUtc);
        return newest is not null
            && BoundedFile.Read(newest.FullName, LogLimit).Found is { } text
            && text.AsSpan().IndexOf(" INF Relay.Intake.Inbox: Accepted "u8) >= 0
            ? $"logs/{newest.Name} tells of messages that were accepted"
            : null;
    }
}
