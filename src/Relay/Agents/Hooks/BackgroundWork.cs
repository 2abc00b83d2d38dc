using System.Collections.Concurrent;
using System.Text.Json;

namespace Relay.Agents.Hooks;

/// <summary>Tells what of a session's background work its Stop leaves running. Each end of such work brings the session back, so its last
/// message is no report yet.</summary>
internal sealed class BackgroundWork
{
    private const int Many = 1_000;

    /// <summary>What the client does for itself, or watches: its end brings nobody back.</summary>
    private static readonly HashSet<string> Silent = ["dream", "auto-mode scan", "memory save", "monitor"];

    private static readonly HashSet<string> Over = ["completed", "failed", "killed", "cancelled", "stopped"];

    /// <summary>Of each agent, with which prompt each command of its shell was seen first.</summary>
    private readonly ConcurrentDictionary<string, Dictionary<string, string>> _shells = new();

    /// <summary>A command of the shell counts until the session stops at a later prompt: a server left running has no end.</summary>
    /// <returns>The kinds of what runs; empty when the session has done all it can.</returns>
    public IReadOnlyList<string> Of(Agent agent, HookEvent hook)
    {
        var tasks = TasksOf(hook).Where(task => !Over.Contains(task.Status) && !Silent.Contains(task.Kind)).ToList();
        var before = _shells.GetValueOrDefault(agent.Id) ?? [];
        var prompt = hook.PromptId ?? "";
        var shells = tasks.Where(IsShell).DistinctBy(task => task.Id)
            .ToDictionary(task => task.Id, task => before.GetValueOrDefault(task.Id, prompt));
        if (_shells.Count > Many)
            _shells.Clear(); // An agent's id is whatever the caller says.
        if (shells.Count > 0)
            _shells[agent.Id] = shells;
        else
            _shells.TryRemove(agent.Id, out _);
        return [.. tasks.Where(task => !IsShell(task) || shells[task.Id] == prompt).Select(task => task.Kind).Distinct()];
    }

    private static bool IsShell(Task task) => task.Kind == "shell";

    private static IEnumerable<Task> TasksOf(HookEvent hook) => hook.BackgroundTasks is { ValueKind: JsonValueKind.Array } tasks
        ? tasks.EnumerateArray().Select(task => new Task(Text(task, "id"), Text(task, "type"), Text(task, "status")))
        : [];

    private static string Text(JsonElement task, string name) =>
        task.ValueKind == JsonValueKind.Object && task.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    private sealed record Task(string Id, string Kind, string Status);
}
