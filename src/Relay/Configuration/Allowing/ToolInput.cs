using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Relay.Configuration.Allowing;

/// <summary>What a rule looks at in the input of a tool: the tool's own field where it is known, else all of it. A field that is not known
/// to be harmless beside it means that no rule decides.</summary>
internal static class ToolInput
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly FrozenDictionary<string, Fields> Known = new Dictionary<string, Fields>
    {
        ["Bash"] = new("command", ["description", "timeout"]),
        ["Read"] = new("file_path", ["offset", "limit", "pages"]),
        ["Edit"] = new("file_path", ["old_string", "new_string", "replace_all"]),
        ["Write"] = new("file_path", ["content"]),
        ["NotebookEdit"] = new("notebook_path", ["new_source", "cell_id", "cell_type", "edit_mode"]),
        ["WebFetch"] = new("url", ["prompt"]),
        ["Grep"] = new(
            "path",
            ["pattern", "glob", "type", "output_mode", "-A", "-B", "-C", "-i", "-n", "-o", "context", "head_limit", "offset", "multiline"])
        {
            IsOptional = true,
        },
        ["Glob"] = new("path", ["pattern"]) { IsOptional = true },
    }.ToFrozenDictionary();

    private sealed record Fields(string Subject, IReadOnlyList<string> Harmless)
    {
        /// <summary>Without it the tool works in the session's folder.</summary>
        public bool IsOptional { get; init; }
    }

    public static bool IsKnown(string tool) => Known.ContainsKey(tool);

    /// <summary>The field that says what a tool works on; null where the tool is not known.</summary>
    public static string? SubjectName(string tool) => Known.GetValueOrDefault(tool)?.Subject;

    /// <summary>Null when no rule can decide.</summary>
    public static string? SubjectOf(string tool, JsonElement input)
    {
        if (!Known.TryGetValue(tool, out var fields))
            return JsonSerializer.Serialize(input, Compact);
        if (input.ValueKind != JsonValueKind.Object)
            return null;
        string? subject = null;
        var seen = new HashSet<string>();
        foreach (var field in input.EnumerateObject())
        {
            if (!seen.Add(field.Name)) // Which of the two the client would take is not known.
                return null;
            if (field.Name == fields.Subject && field.Value.ValueKind == JsonValueKind.String)
                subject = field.Value.GetString();
            else if (!fields.Harmless.Contains(field.Name))
                return null;
        }
        return subject ?? (fields.IsOptional ? "" : null);
    }

    /// <summary>Glob looks where its pattern says, too.</summary>
    public static bool LooksElsewhere(string tool, JsonElement input) =>
        tool == "Glob" && input.TryGetProperty("pattern", out var pattern) && pattern.ToString() is var text
        && (text.StartsWith('/') || text.StartsWith('~') || text.Contains("..", StringComparison.Ordinal)
            || text.Contains("{/", StringComparison.Ordinal) || text.Contains(",/", StringComparison.Ordinal) || text.Contains('\\'));

    /// <summary>"/projects/*" must not cover "/projects/../etc/passwd", wherever in the input that stands.</summary>
    public static bool ClimbsOut(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => ClimbsOut(value.GetString()!),
        JsonValueKind.Object => value.EnumerateObject().Any(field => ClimbsOut(field.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(ClimbsOut),
        _ => false,
    };

    public static bool ClimbsOut(string path) => path.Split('/', '\\').Contains("..");
}
