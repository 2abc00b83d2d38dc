using Relay.Agents.Hooks;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Texts;

namespace Relay.Web.Dashboard;

/// <summary>The card of what a session's client asks.</summary>
internal static class AskedCard
{
    private const string AdviceHead = ClientRequest.AdviceHead;

    /// <param name="card">Who asks, and since when.</param>
    /// <param name="question">As it is recorded. Its text was made visible when it was asked.</param>
    /// <param name="asked">Its structure.</param>
    /// <param name="longest">What is longer is cut, and cannot be granted from there.</param>
    public static CardView Of(CardView card, Question question, ClientAsk asked, int longest)
    {
        var (advice, text) = asked.Advice is null ? (null, question.Text) : Advice(question.Text);
        var isCut = question.Text.Length > longest;
        card = card with
        {
            Who = asked.Subagent is { } kind ? $"{card.Who}, its subagent ({kind})" : card.Who,
            Advice = advice is null ? null : Excerpt.Of(advice, longest),
            IsCut = isCut,
            Digest = isCut || asked is ClientAsk.Choice ? null : PermissionDigest.Of(question),
        };
        var (head, rest) = Head(text);
        var place = Excerpt.Of(head.Split('\n')[0], longest);
        return asked switch
        {
            ClientAsk.Choice choice => OfChoice(card, choice, place, isCut ? Excerpt.Of(rest, longest) : null),
            ClientAsk.Plan plan => OfPlan(card, plan, place, isCut ? Excerpt.Of(plan.Text ?? "", longest) : plan.Text),
            ClientAsk.Permission permission => OfPermission(card, permission, place, (rest, longest)),
            _ => throw new InvalidOperationException(),
        };
    }

    private static CardView OfChoice(CardView card, ClientAsk.Choice choice, string place, string? cut) => card with
    {
        Headline = choice.Questions.Count == 1
            ? $"It asks you to choose, {place}"
            : FormattableString.Invariant($"It asks you {choice.Questions.Count} questions, {place}"),
        Exact = cut,
        Choice = cut is null ? new ChoiceView([.. choice.Questions.Index().Select(each => ViewOf(each.Index, each.Item))]) : null,
        Words = new WordsView("Why you decline", "Why not", "Decline", "decline", Needed: false),
    };

    private static ChoiceQuestionView ViewOf(int number, ChoiceQuestion question) => new(
        number, Visible.OneLine(question.Header), Visible.Of(question.Question).Trim(), question.MultiSelect,
        [.. question.Options.Select(option => (Visible.OneLine(option.Label), Visible.Of(option.Description)))]);

    private static CardView OfPlan(CardView card, ClientAsk.Plan plan, string place, string? shown)
    {
        var isGiven = !string.IsNullOrWhiteSpace(plan.Text);
        return card with
        {
            Headline = place,
            Body = isGiven ? MarkdownText.Html(shown!) : null,
            Exact = isGiven ? null : "Its client gives no text of it.",
            Plan = card.IsCut ? null : new PlanView(isGiven ? Visible.Of(plan.Text!) : "", isGiven),
            Options = card.IsCut || !isGiven ? [] :
            [
                new OptionView("approve", "Approve", Detail: null, IsLoud: true),
                new OptionView("approve and accept edits", "Approve and accept edits", Detail: null, IsLoud: false),
            ],
            Words = new WordsView("What you send back", "What is to be different", "Send back", "back", Needed: false),
        };
    }

    private static CardView OfPermission(CardView card, ClientAsk.Permission permission, string place, (string Text, int Longest) rest)
    {
        var deny = new OptionView("deny", "Deny", Detail: null, IsLoud: false);
        var offered = ClientRequest.AlwaysText(permission);
        var text = rest.Text.EndsWith(offered, StringComparison.Ordinal) ? rest.Text[..^offered.Length] : rest.Text;
        return card with
        {
            Headline = $"May it use {place}?",
            Exact = (card.IsCut ? Excerpt.Of(text, rest.Longest) : text).Trim('\n'),
            Options = card.IsCut ? [deny] : [new OptionView("allow", "Allow once", Detail: null, IsLoud: true), deny],
            Always = card.IsCut ? [] : AlwaysOptions.Of(permission),
            Words = new WordsView("Why you deny it", "Why not", "Deny with this", "deny", Needed: true),
        };
    }

    /// <summary>What the advisor said stands before all else, indented, so no line of it is the end of it.</summary>
    private static (string? Advice, string Text) Advice(string text)
    {
        if (!text.StartsWith(AdviceHead, StringComparison.Ordinal))
            return (null, text);
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        return end < 0
            ? (null, text)
            : (text[AdviceHead.Length..end].Replace("\n  ", "\n", StringComparison.Ordinal).Trim(), text[(end + 2)..]);
    }

    private static (string Head, string Body) Head(string text)
    {
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        return end < 0 ? (text, "") : (text[..end], text[(end + 2)..]);
    }
}
