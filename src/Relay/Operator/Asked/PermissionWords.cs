using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Relay.Operator.Asked;

/// <summary>Reads an answer to a permission question. Only a plain yes allows. An answer that is neither clearly yes nor clearly no
/// is refused, so the operator answers again.</summary>
internal static partial class PermissionWords
{
    public static AnswerReading Of(ClientAsk.Permission asked, string words)
    {
        var text = words.Trim();
        if (Allowing().Match(text) is { Success: true } allow)
            return Grant([], allow);
        if (Always().Match(text) is { Success: true } always)
            return OfAlways(asked, always);
        var first = text.Split([' ', ',', ':', ';', '\n'], 2)[0].ToLowerInvariant();
        return first is "deny" or "no" or "n"
            ? new AnswerReading.Clear(new Decision.Denied(ReasonOf(text) is { Length: > 0 } reason ? reason : text))
            : new AnswerReading.Refused("answer allow, or deny with a reason" + (asked.Suggestions.Count == 0 ? "" : ", or always"));
    }

    private static AnswerReading OfAlways(ClientAsk.Permission asked, Match always)
    {
        var count = asked.Suggestions.Count;
        if (count == 0)
            return new AnswerReading.Refused("its client offers nothing to allow always: answer allow, or deny with a reason");
        var which = always.Groups["which"].Value;
        if (which.Length == 0 && count > 1)
            return new AnswerReading.Refused(
                $"its client offers {count} things to allow always: say which, \"always 1\" to \"always {count}\", or \"always all\"");
        var numbers = which.Length == 0 || which.Equals("all", StringComparison.OrdinalIgnoreCase)
            ? Enumerable.Range(1, count)
            : which.Split(',').Select(number => int.Parse(number.Trim(), NumberStyles.None, CultureInfo.InvariantCulture)).Distinct();
        var updates = new List<JsonElement>();
        foreach (var number in numbers)
        {
            if (number < 1 || number > count)
                return new AnswerReading.Refused($"there is no \"always {number}\", only 1 to {count}");
            if (Suggestions.To(asked.Suggestions[number - 1].Update, always.Groups["where"].Value) is not { } update)
                return new AnswerReading.Refused(
                    $"\"always {number}\" cannot be written there; as it is shown it can: \"always {number}\"");
            updates.Add(update);
        }
        return Grant(updates, always);
    }

    private static AnswerReading.Clear Grant(IReadOnlyList<JsonElement> always, Match match) =>
        new(new Decision.Allowed(always))
        {
            IsGrant = true,
            Digest = match.Groups["digest"] is { Success: true } digest ? digest.Value : null,
        };

    /// <summary>What was said besides the word that denies; empty where it was the word alone.</summary>
    public static string ReasonOf(string answer)
    {
        var text = answer.Trim();
        var end = text.AsSpan().IndexOfAny(" ,:;\n");
        return end < 0 ? "" : text[end..].Trim([' ', ',', ':', ';', '-', '\n']);
    }

    [GeneratedRegex(
        @"\A(?:allow|yes|y|ok)[.!]*(?:\s+(?<digest>[0-9a-f]{6,64})[.!]*)?\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Allowing();

    [GeneratedRegex(
        @"\Aalways(?:\s+allow)?(?:\s+(?<where>session|project))?(?:\s+(?<which>all|\d{1,2}(?:\s*,\s*\d{1,2})*))?"
        + @"(?:\s+(?<where>session|project))?[.!]*(?:\s+(?<digest>[0-9a-f]{6,64})[.!]*)?\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Always();
}
