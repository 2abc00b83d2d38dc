using System.Text.Json;
using System.Text.RegularExpressions;

namespace Relay.Agents.Hooks;

/// <summary>Reads how the client speaks of tool calls that it has moved to the background: a PostToolUse that names the task in place of a
/// result, and later a prompt of its own with the task's end.</summary>
internal static partial class BackgroundTask
{
    /// <summary>The name of the task that a call has become; null when the event tells of a result.</summary>
    public static string? Of(HookEvent hook) => TextOf(hook.ToolResponse) is { } text && Moved().Match(text) is { Success: true } moved
        ? moved.Groups["task"].Value
        : null;

    /// <summary>The tasks whose ends a prompt tells.</summary>
    public static IReadOnlyList<string> EndedBy(HookEvent hook) => HumanPrompt.Is(hook) || hook.Prompt is not { } prompt
        ? []
        : [.. Ended().Matches(prompt).Select(task => task.Groups["task"].Value)];

    private static string? TextOf(JsonElement? response) => response switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Array } blocks when blocks.GetArrayLength() > 0 && blocks[0].ValueKind == JsonValueKind.Object
            && blocks[0].TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String => text.GetString(),
        _ => null,
    };

    [GeneratedRegex(
        @"\AMCP tool ""[^""\n]+"" (?:is still running after [^\n]{1,20}\. It )?"
        + @"was moved to the background as task (?<task>[A-Za-z0-9_-]+)")]
    private static partial Regex Moved();

    [GeneratedRegex(@"<task-id>(?<task>[A-Za-z0-9_-]{1,64})</task-id>")]
    private static partial Regex Ended();
}
