using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Configuration.Allowing;
using Relay.Texts;

namespace Relay.Agents.Hooks;

/// <summary>What the operator reads before a session may use a tool: the tool, the folder and what it is about first, then everything else
/// of the input. Nothing in it can pass for another line of it: what a session wrote stands indented or in quotes.</summary>
internal static partial class PermissionText
{
    private const int LongestUncounted = 200;

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="tool">Its name.</param>
    /// <param name="folder">Where the session works.</param>
    /// <param name="input">Of the tool.</param>
    /// <param name="asker">A line that says who asks, where that is not the session itself.</param>
    public static string Of(string tool, string folder, JsonElement? input, string asker = "")
    {
        var place = folder.Length == 0 ? "an unknown folder" : Visible.ExactOneLine(folder);
        var text = new StringBuilder($"{Name(tool)} in {place}{asker}\n");
        if (input is not { } given)
            return text.Append("\nno input").ToString();
        if (given.ValueKind != JsonValueKind.Object)
            return text.Append("\ninput: ").Append(Json(given)).ToString();
        var (subject, edited) = (ToolInput.SubjectName(tool) ?? (tool == "MultiEdit" ? "file_path" : null), EditText.Fields(tool, given));
        foreach (var field in given.EnumerateObject().OrderBy(field => field.Name != subject)) // Stable: the others stay in their order.
            if (!edited.Contains(field.Name))
                Append(text, field, isSubject: field.Name == subject);
        if (edited.Count > 0)
            EditText.Append(text, tool, given);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonProperty field, bool isSubject)
    {
        text.Append('\n').Append(Name(field.Name));
        var value = field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString() : null;
        if (value is null || !(isSubject || value.Contains('\n')))
        {
            text.Append(": ").Append(Json(field.Value));
            return;
        }
        var notes = Notes(field.Name, value);
        text.Append(notes.Count == 0 ? ":" : $" ({string.Join(", ", notes)}):");
        foreach (var line in Visible.Exact(value).Split('\n'))
            text.Append("\n  ").Append(line);
    }

    /// <summary>What the eye may miss.</summary>
    private static List<string> Notes(string name, string value)
    {
        var notes = new List<string>();
        var lines = value.AsSpan().Count('\n') + 1;
        if (lines > 1 || value.Length > LongestUncounted)
            notes.Add(string.Create(
                CultureInfo.InvariantCulture, $"{lines:N0} {(lines == 1 ? "line" : "lines")}, {value.Length:N0} characters"));
        if (Gap().IsMatch(value))
            notes.Add("it goes on after long blanks");
        if (!Ascii.IsValid(value))
            notes.Add("not all ASCII");
        if (name == "url" && Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Host.Length > 0)
            notes.Add($"host {Visible.ExactOneLine(address.IdnHost)}"
                + (address.UserInfo.Length > 0 ? ", what stands before the @ is no host" : ""));
        return notes;
    }

    /// <summary>As it is, where it is a plain word; else in quotes.</summary>
    private static string Name(string name) =>
        PlainWord().IsMatch(name) ? name : Visible.ExactJson(JsonSerializer.Serialize(name, Compact));

    private static string Json(JsonElement value) => Visible.ExactJson(JsonSerializer.Serialize(value, Compact));

    [GeneratedRegex(@"\A[A-Za-z0-9_.:-]+\z")]
    private static partial Regex PlainWord();

    /// <summary>It could push the rest out of sight.</summary>
    [GeneratedRegex(@"[^\n ] {20}|(?:\n[ \t\r]*){5}")]
    private static partial Regex Gap();
}
