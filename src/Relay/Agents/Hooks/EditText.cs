using System.Text;
using System.Text.Json;
using Relay.Texts;

namespace Relay.Agents.Hooks;

/// <summary>The edits of a file as the operator reads them: every line of the old and of the new text, those that both have only
/// once.</summary>
internal static class EditText
{
    /// <summary>Above it the old lines come first and the new ones after them.</summary>
    private const long MostCompared = 4_000_000;

    private const string Old = "old_string", New = "new_string", All = "replace_all", Edits = "edits";

    /// <summary>The fields that it shows; none where the input is not what is known of the tool, and all of it is shown as it is.</summary>
    public static IReadOnlySet<string> Fields(string tool, JsonElement input) => tool switch
    {
        "Edit" when IsEdit(input, others: true) => new HashSet<string> { Old, New },
        "MultiEdit" when Single(input, Edits) is { ValueKind: JsonValueKind.Array } edits
            && edits.EnumerateArray().All(edit => IsEdit(edit, others: false)) => new HashSet<string> { Edits },
        _ => new HashSet<string>(),
    };

    public static void Append(StringBuilder text, string tool, JsonElement input)
    {
        if (tool == "Edit")
            AppendEdit(text, "in place of the lines with -, those with +", input);
        else
            foreach (var (index, edit) in input.GetProperty(Edits).EnumerateArray().Index())
            {
                var all = edit.TryGetProperty(All, out var every) && every.ValueKind == JsonValueKind.True ? ", wherever they are" : "";
                var count = input.GetProperty(Edits).GetArrayLength();
                AppendEdit(text, FormattableString.Invariant($"edit {index + 1} of {count}{all}"), edit);
            }
    }

    private static void AppendEdit(StringBuilder text, string head, JsonElement edit)
    {
        text.Append('\n').Append(head).Append(':');
        var (before, after) = (Lines(edit, Old), Lines(edit, New));
        foreach (var (mark, line) in Compare(before, after))
            text.Append("\n  ").Append(mark).Append(' ').Append(line);
    }

    private static string[] Lines(JsonElement edit, string name) => Visible.Exact(edit.GetProperty(name).GetString()!).Split('\n');

    private static bool IsEdit(JsonElement edit, bool others) =>
        Single(edit, Old) is { ValueKind: JsonValueKind.String } && Single(edit, New) is { ValueKind: JsonValueKind.String }
        && (others || edit.EnumerateObject().All(field => field.Name is Old or New
            || (field.Name == All && Single(edit, All) is { ValueKind: JsonValueKind.True or JsonValueKind.False })));

    /// <summary>Null when it is there twice: which of the two the client takes is not known.</summary>
    private static JsonElement? Single(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.EnumerateObject().Count(field => field.Name == name) == 1
            ? element.GetProperty(name)
            : null;

    /// <summary>By their longest common lines.</summary>
    private static IEnumerable<(char Mark, string Line)> Compare(string[] before, string[] after)
    {
        if ((long)before.Length * after.Length > MostCompared)
            return before.Select(line => ('-', line)).Concat(after.Select(line => ('+', line)));
        var common = new int[before.Length + 1, after.Length + 1];
        for (var left = before.Length - 1; left >= 0; left--)
            for (var right = after.Length - 1; right >= 0; right--)
                common[left, right] = before[left] == after[right]
                    ? common[left + 1, right + 1] + 1
                    : Math.Max(common[left + 1, right], common[left, right + 1]);
        return Walk(before, after, common);
    }

    private static IEnumerable<(char Mark, string Line)> Walk(string[] before, string[] after, int[,] common)
    {
        var (left, right) = (0, 0);
        while (left < before.Length || right < after.Length)
            if (left < before.Length && right < after.Length && before[left] == after[right])
            {
                yield return (' ', before[left++]);
                right++;
            }
            else if (right >= after.Length || (left < before.Length && common[left + 1, right] >= common[left, right + 1]))
                yield return ('-', before[left++]);
            else
                yield return ('+', after[right++]);
    }
}
