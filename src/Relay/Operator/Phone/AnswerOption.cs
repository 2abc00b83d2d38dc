namespace Relay.Operator.Phone;

/// <summary>An answer that a question has ready, for a button.</summary>
/// <param name="Key">Names it.</param>
/// <param name="Label">What the operator reads.</param>
/// <param name="Words">What is answered.</param>
/// <param name="IsRecommended">Of several, the one that has a button.</param>
/// <param name="Grants">It lets a session do something: never a button where everybody may read the page.</param>
internal sealed record AnswerOption(string Key, string Label, string Words, bool IsRecommended = false, bool Grants = false)
{
    public static IReadOnlyList<AnswerOption> Of(Question question) => question.Kind switch
    {
        QuestionKind.Permission =>
        [
            new("allow", "Allow", $"allow {PermissionDigest.Of(question)}", Grants: true),
            new("deny", "Deny", "deny"),
        ],
        _ => [],
    };
}
