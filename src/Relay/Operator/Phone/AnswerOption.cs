using System.Globalization;
using Relay.Operator.Asked;
using Relay.Texts;

namespace Relay.Operator.Phone;

/// <summary>An answer that a question has ready, for a button.</summary>
/// <param name="Key">Names it.</param>
/// <param name="Label">What the operator reads.</param>
/// <param name="Words">What is answered.</param>
internal sealed record AnswerOption(string Key, string Label, string Words)
{
    private const int LongestLabel = 40;

    /// <summary>So a client's model marks the one it would take.</summary>
    private const string Recommended = "(recommended)";

    private static readonly AnswerOption SendBack = new("back", "Send back", "back");

    /// <summary>Of several, the one that has a button.</summary>
    public bool IsRecommended { get; init; }

    /// <summary>It lets a session do something: never a button where everybody may read the page.</summary>
    public bool Grants { get; init; }

    /// <summary>The label is of what is asked, which a page need not tell: then the key is read.</summary>
    public bool Tells { get; init; }

    public static IReadOnlyList<AnswerOption> Of(Question question) => question.Ask switch
    {
        ClientAsk.Permission =>
        [
            new("allow", "Allow", $"allow {PermissionDigest.Of(question)}") { Grants = true },
            new("deny", "Deny", "deny"),
        ],
        ClientAsk.Plan { Text: null } => [SendBack],
        ClientAsk.Plan => [new("approve", "Approve", $"approve {PermissionDigest.Of(question)}") { Grants = true }, SendBack],
        ClientAsk.Choice { Questions: [{ MultiSelect: false } only] } =>
        [
            .. only.Options.Select((option, at) => Offered((at + 1).ToString(CultureInfo.InvariantCulture), option.Label) with
            {
                Words = ChoiceWords.ByNumber(at + 1),
                IsRecommended = option.Label.TrimEnd().EndsWith(Recommended, StringComparison.OrdinalIgnoreCase),
            }),
        ],
        null => [.. question.Options.Select(option => Offered(option.Key, option.Text) with { IsRecommended = option.IsRecommended })],
        _ => [],
    };

    private static AnswerOption Offered(string key, string text) =>
        new(key, $"{key}: {Excerpt.Of(Visible.ExactOneLine(text), LongestLabel)}", key) { Tells = true };
}
