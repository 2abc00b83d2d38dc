using System.Globalization;
using Relay.Operator;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Makes the card of a question that waits. Allowed can only be what the same page shows whole.</summary>
internal sealed class CardMaker(string token, Moments moments)
{
    private const int LongestOnNow = 4_000, LongestHeadline = 200;

    public CardView OnNow(Question question, long behind) => Of(question, behind, LongestOnNow);

    /// <summary>On a page of its own, with all of its text.</summary>
    public CardView Whole(Question question, long behind) => Of(question, behind, int.MaxValue);

    private CardView Of(Question question, long behind, int longest)
    {
        var text = question.IsOfClient ? question.Text : QuestionText.Without(question.Text, token).Trim();
        var (headline, rest) = Split(text);
        var isCut = rest.Length > longest;
        var shown = isCut ? Excerpt.Of(rest, longest) : rest;
        var isPermission = question.Kind == QuestionKind.Permission;
        return new CardView(question.Id, question.Whose, KindOf(question.Kind), question.Conversation.Value)
        {
            Blocks = Blocks(question, behind),
            AskedAt = moments.Of(question.AskedAt),
            Headline = isPermission ? $"May it use {headline}?" : Visible.OneLine(headline.Length == 0 ? "The advisor asks" : headline),
            Body = isPermission || shown.Length == 0 ? null : MarkdownText.Html(shown),
            Exact = isPermission ? shown.Trim('\n') : null,
            IsCut = isCut,
            Options = isPermission ? PermissionOptions(question, isCut) : [],
            TakesWords = !isPermission,
            CanAskBack = question.Kind == QuestionKind.Escalation,
        };
    }

    private static List<OptionView> PermissionOptions(Question question, bool isCut) => isCut
        ? [new OptionView("deny", "Deny", Digest: null, IsLoud: false)]
        :
        [
            new OptionView("allow", "Allow once", PermissionDigest.Of(question), IsLoud: true),
            new OptionView("deny", "Deny", Digest: null, IsLoud: false),
        ];

    /// <summary>The first line stands over the rest, where it is short and plain.</summary>
    private static (string Headline, string Body) Split(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var first = (end < 0 ? text : text[..end]).Trim();
        var isPlain = first.Length is > 0 and <= LongestHeadline && !"#>-*+|`~[<!0123456789".Contains(first[0], StringComparison.Ordinal);
        return isPlain ? (first, end < 0 ? "" : text[(end + 1)..]) : ("", text);
    }

    private string Blocks(Question question, long behind)
    {
        var blocks = $"blocks {moments.Ago(question.AskedAt)}";
        return behind == 0 ? blocks
            : string.Create(CultureInfo.InvariantCulture, $"{blocks}, {behind:N0} message{(behind == 1 ? "" : "s")} behind it");
    }

    private static string KindOf(QuestionKind kind) => kind switch
    {
        QuestionKind.Escalation => "the advisor asks you",
        QuestionKind.Refusal => "the advisor refused",
        QuestionKind.Choice => "a choice",
        QuestionKind.Plan => "a plan",
        _ => "permission",
    };
}
