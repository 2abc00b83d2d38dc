using System.Text.Json.Nodes;

namespace Relay.Tests.Agents.Hooks;

/// <summary>The hook events of one real session, as the client has posted them.</summary>
internal sealed class RecordedEvents
{
    private readonly List<JsonObject> _events;

    private RecordedEvents(List<JsonObject> events) => _events = events;

    public static RecordedEvents Of(string name) => new(
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Agents", "Hooks", "Recorded", name + ".jsonl"))
            .Select(line => JsonNode.Parse(line)!.AsObject()).ToList());

    public string Session => (string)_events[0]["session_id"]!;

    /// <summary>The number of the first event of a name; -1 when there is none.</summary>
    public int IndexOf(string name) => _events.FindIndex(each => (string?)each["hook_event_name"] == name);

    public JsonObject this[string name] => _events[IndexOf(name)];

    public IEnumerable<JsonObject> Before(string name) => _events.Take(IndexOf(name));

    public IEnumerable<JsonObject> After(string name) => _events.Skip(IndexOf(name) + 1);
}
