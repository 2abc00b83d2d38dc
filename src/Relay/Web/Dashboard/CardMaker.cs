using System.Globalization;
using Relay.Operator;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>Makes the card of a question that waits. Granted can only be what the same page shows whole.</summary>
/// <param name="token">The operator's.</param>
/// <param name="moments">Tells times.</param>
/// <param name="longest">So many characters of a question are shown.</param>
internal sealed class CardMaker(string token, Moments moments, int longest)
{
    /// <summary>On the Now page of one question, and of all together.</summary>
    private const int LongestOnNow = 4_000, LongestTogether = 8_000, Least = 400;

    private const int LongestHeadline = 200;

    /// <summary>For the Now page, which stays small however much waits.</summary>
    public static CardMaker OnNow(string token, Moments moments, int cards) =>
        new(token, moments, Math.Clamp(LongestTogether / Math.Max(1, cards), Least, LongestOnNow));

    /// <summary>For a page of its own, with all of its text.</summary>
    public static CardMaker Whole(string token, Moments moments) => new(token, moments, int.MaxValue);

    public CardView Of(Question question, long behind)
    {
        var card = new CardView(question.Id, question.Whose, KindOf(question.Kind), question.Conversation.Value)
        {
            Blocks = Blocks(question, behind),
            AskedAt = moments.Of(question.AskedAt),
            Headline = "",
        };
        return question.Ask is { } asked ? AskedCard.Of(card, question, asked, longest) : OfAdvisor(card, question);
    }

    /// <summary>What a card that is not shown in full begins with.</summary>
    public MoreView Line(Question question)
    {
        var card = Of(question, behind: 0);
        return new MoreView(card.Id, card.Who, card.Kind, Excerpt.Of(card.Headline, 120)) { Blocks = card.Blocks };
    }

    private CardView OfAdvisor(CardView card, Question question)
    {
        var options = question.Options;
        var text = OptionText.Without(QuestionText.Without(question.Text, token).Trim(), options);
        var (headline, rest) = Split(text);
        var isCut = rest.Length > longest;
        var shown = isCut ? Excerpt.Of(rest, longest) : rest;
        return card with
        {
            Headline = headline.Length > 0 ? Visible.OneLine(headline)
                : question.Kind == QuestionKind.Refusal ? "The advisor did not answer" : "The advisor asks",
            Body = shown.Length == 0 ? null : MarkdownText.Html(shown),
            IsCut = isCut,
            Overturns = question.Overturns,
            Deadline = DeadlineOf(question),
            Options = [.. options.OrderByDescending(option => option.IsRecommended).Select(OptionText.View)],
            Scopes = ScopeFields.Of(question.Overturns),
            Words = new WordsView(
                "Your answer", options.Count > 0 ? "Or in your words" : "Your answer", "Send", As: null, Needed: true),
            CanAskBack = true,
        };
    }

    private string? DeadlineOf(Question question)
    {
        if (question.Deadline is not { } deadline)
            return null;
        var at = moments.Until(deadline);
        return question.OptionOf(question.DefaultOption) is { } option
            ? $"({option.Key}) is taken at {at} unless you answer"
            : $"It asks for an answer by {at}; without one it waits, and nothing is taken by itself";
    }

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
