using System.Text.RegularExpressions;

namespace Relay.Operator.Asked;

/// <summary>Reads an answer to a plan. Only the plain words approve it; what is no approval goes back to the session as it is.</summary>
internal static partial class PlanWords
{
    public const string HowTo =
        "approve; approve and accept edits; \"edited: \" and the whole plan as it shall be; any other words send it back";

    public static AnswerReading Of(ClientAsk.Plan asked, string words)
    {
        var text = words.Trim();
        if (Approving().Match(text) is { Success: true } approved)
            return string.IsNullOrWhiteSpace(asked.Text)
                ? new AnswerReading.Refused("its client gave no text of the plan, so there is nothing to approve: see its terminal, send "
                    + "it back with words, or write \"edited: \" and a plan")
                : new AnswerReading.Clear(new Decision.Approved(approved.Groups["edits"].Success, Edited: null))
                {
                    IsGrant = true,
                    Digest = approved.Groups["digest"] is { Success: true } digest ? digest.Value : null,
                };
        if (Editing().Match(text) is { Success: true } edited)
            return edited.Groups["plan"].Value.Trim() is { Length: > 0 } plan
                ? new AnswerReading.Clear(new Decision.Approved(edited.Groups["edits"].Success, plan)) { LetsGo = true }
                : new AnswerReading.Refused("no plan follows \"edited:\"");
        if (LikeApproval().IsMatch(text))
            return new AnswerReading.Refused(
                $"it begins like an approval and says more; allowed: {HowTo}. To send these words back, write \"back: \" before them");
        var reason = Back().Replace(text, "", 1).Trim();
        return reason.Length == 0 && text.Length > 0 && !Back().IsMatch(text)
            ? new AnswerReading.Refused($"allowed: {HowTo}")
            : new AnswerReading.Clear(new Decision.Denied(reason));
    }

    /// <summary>The same approval, and edits are accepted with it; null where the words are none.</summary>
    public static string? AcceptingEdits(string words)
    {
        var text = words.Trim();
        return Approving().Match(text) is { Success: true } approved ? $"approve and accept edits {approved.Groups["digest"].Value}".Trim()
            : Editing().Match(text) is { Success: true } edited ? $"edited and accept edits:{edited.Groups["plan"].Value}"
            : null;
    }

    /// <summary>Whether they are an approval that accepts edits.</summary>
    public static bool AcceptsEdits(string words) =>
        Approving().Match(words.Trim()).Groups["edits"].Success || Editing().Match(words.Trim()).Groups["edits"].Success;

    [GeneratedRegex(
        @"\A(?:approved?|allow|yes|y|ok)(?<edits>\s*(?:,|and|\s)\s*accept\s+edits)?[.!]*(?:\s+(?<digest>[0-9a-f]{6,64})[.!]*)?\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Approving();

    [GeneratedRegex(
        @"\Aedited(?<edits>\s*(?:,|and|\s)\s*accept\s+edits)?\s*:(?<plan>.*)\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Editing();

    [GeneratedRegex(@"\A(?:approved?|allow|yes|ok|always)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LikeApproval();

    [GeneratedRegex(@"\A(?:back|deny|no)\s*(?:[:,;]\s*|\z)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Back();
}
