using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Texts;

namespace Relay.Operator.Asked;

/// <summary>What a client offers to write so that it need not ask again. It is shown as it will be written, and written as the client gave
/// it, or to a place that the operator names.</summary>
internal static class Suggestions
{
    private const string Session = "session", Project = "localSettings";

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Suggestion Of(JsonElement update) => new(Shown(update), update);

    /// <summary>The same for another place; null where that is not possible, or for longer than a mode or a folder may
    /// be.</summary>
    /// <param name="update">As the client gave it.</param>
    /// <param name="where">"session", "project", or empty for where the client says.</param>
    public static JsonElement? To(JsonElement update, string where)
    {
        if (where.Length == 0)
            return update;
        var isProject = where.Equals("project", StringComparison.OrdinalIgnoreCase);
        if (Known(update) is not { } known || (isProject && known.Type != "addRules"))
            return null;
        var changed = JsonObject.Create(update)!;
        changed["destination"] = isProject ? Project : Session;
        return JsonSerializer.SerializeToElement(changed);
    }

    /// <summary>What this client writes is said in words; what is not known to it, as it came.</summary>
    private static string Shown(JsonElement update) => Known(update) is { } known
        ? $"{known.What}, {known.Where}"
        : Visible.ExactJson(JsonSerializer.Serialize(update, Compact));

    private static (string Type, string What, string Where)? Known(JsonElement update)
    {
        if (update.ValueKind != JsonValueKind.Object || Where(Text(update, "destination")) is not { } where)
            return null;
        var type = Text(update, "type");
        var what = type switch
        {
            "addRules" when Has(update, "type", "rules", "behavior", "destination") => Rules(update),
            "setMode" when Has(update, "type", "mode", "destination") && Text(update, "mode") is { } mode =>
                $"mode {Visible.ExactOneLine(mode)}",
            "addDirectories" when Has(update, "type", "directories", "destination") => Folders(update),
            _ => null,
        };
        return what is null ? null : (type!, what, where);
    }

    private static string? Rules(JsonElement update)
    {
        var rules = update.GetProperty("rules");
        if (Text(update, "behavior") is not ("allow" or "deny" or "ask")
            || rules.ValueKind != JsonValueKind.Array || rules.GetArrayLength() == 0)
            return null;
        var shown = new List<string>();
        foreach (var rule in rules.EnumerateArray())
        {
            if (rule.ValueKind != JsonValueKind.Object || Text(rule, "toolName") is not { } tool)
                return null;
            var content = Text(rule, "ruleContent");
            if (!(content is null ? Has(rule, "toolName") : Has(rule, "toolName", "ruleContent")))
                return null;
            shown.Add(Visible.ExactOneLine(content is null ? tool : $"{tool}({content})"));
        }
        return $"{Text(update, "behavior")} {string.Join(" and ", shown)}";
    }

    private static string? Folders(JsonElement update)
    {
        var folders = update.GetProperty("directories");
        return folders.ValueKind != JsonValueKind.Array || folders.EnumerateArray().Any(each => each.ValueKind != JsonValueKind.String)
            ? null
            : $"work in {string.Join(" and ", folders.EnumerateArray().Select(each => Visible.ExactOneLine(each.GetString()!)))} too";
    }

    private static string? Where(string? destination) => destination switch
    {
        Session => "for this session",
        Project => "written to .claude/settings.local.json of this project",
        "projectSettings" => "written to .claude/settings.json of this project, for everybody",
        "userSettings" => "written to ~/.claude/settings.json, for all projects",
        _ => null,
    };

    /// <summary>These fields, each once, and no other.</summary>
    private static bool Has(JsonElement element, params string[] names)
    {
        var fields = element.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal);
        return fields.SequenceEqual(names.Order(StringComparer.Ordinal));
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
