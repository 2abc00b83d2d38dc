using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Agents.Hooks;

namespace Relay.Tests.Agents.Hooks;

/// <summary>Hook events as the real client sent them, in their order. The files in Recorded/ are of version 2.1.332.</summary>
internal static class Recording
{
    public static IReadOnlyList<JsonObject> Of(string name) =>
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Agents", "Hooks", "Recorded", name + ".jsonl"))
            .Select(line => JsonNode.Parse(line)!.AsObject())];

    public static HookEvent Event(JsonObject recorded) => recorded.Deserialize<HookEvent>(HookBody.EventJson)!;

    public static string NameOf(JsonObject recorded) => (string)recorded["hook_event_name"]!;
}
