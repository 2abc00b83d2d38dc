using System.Globalization;
using Relay.Operator.Asked;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>The page of what a session's client asks. It shows all that is asked, and with it how to allow exactly that; or it says that it
/// is cut, and then nothing can be allowed from it.</summary>
internal static class AskedPage
{
    private static readonly TimeSpan TakenBackLately = TimeSpan.FromMinutes(2);

    /// <summary>How many questions may have been asked since one was taken back.</summary>
    private const int LookedBack = 20;

    /// <summary>In bytes, less than a page may have: the page must not be cut once more when it is sent.</summary>
    private const int LongestBody = 4_000, LongestSent = 7_500, LongestTool = 80;

    /// <param name="question">Its text is shown as it is: it was made visible when it was asked.</param>
    /// <param name="token">The operator's.</param>
    public static NewPage Of(Question question, string token)
    {
        var asked = question.Ask!;
        var title = $"{token} {(asked.Subagent is null ? "" : "a subagent of ")}{question.Session}{Title(asked)} (#{question.Id})";
        var whole = $"{question.Text}\n\n{HowTo(question, asked)}";
        var room = LongestSent - PageJson.Sizes(title).Sent;
        var (size, sent) = PageJson.Sizes(whole);
        return size <= LongestBody && sent <= room ? Page(title, whole) : Page(title + ", cut", Cut(question, asked, room));

        NewPage Page(string title, string body) =>
            new(PageCause.Question(question.Id), title, body, question.Priority, asked is ClientAsk.Permission ? "lock" : "question");
    }

    /// <summary>How it is answered, a way a line.</summary>
    public static string HowTo(Question question, ClientAsk asked)
    {
        var (number, digest) = ($"#{question.Id}", asked is ClientAsk.Choice ? "" : PermissionDigest.Of(question));
        var granting = asked switch
        {
            ClientAsk.Permission permission => $"allow: {number} allow {digest}\n{Always(permission, number, digest)}",
            ClientAsk.Plan { Text: null } => "",
            ClientAsk.Plan => $"approve: {number} approve {digest}\n"
                + $"approve, and accept edits: {number} approve and accept edits {digest}\n",
            _ => "",
        };
        return granting + HowToWithoutDigest(question, asked);
    }

    private static string Always(ClientAsk.Permission permission, string number, string digest) => permission.Suggestions.Count switch
    {
        0 => "",
        1 => $"always (or always session, always project): {number} always {digest}\n",
        var count => $"always (1 to {count} or all; then session or project): {number} always 1 {digest}\n",
    };

    /// <summary>What needs no more than to be written, even where the page was cut.</summary>
    private static string HowToWithoutDigest(Question question, ClientAsk asked) => asked switch
    {
        ClientAsk.Choice choice => $"answer #{question.Id}: {ChoiceWords.HowTo(choice)}",
        ClientAsk.Plan => $"with other words: #{question.Id} edited: THE WHOLE PLAN\nsend back: #{question.Id} and why",
        _ => $"deny: #{question.Id} deny, and why",
    };

    private static string Title(ClientAsk asked) => asked switch
    {
        ClientAsk.Choice choice => $" asks: {Named(string.Join(", ", choice.Questions.Select(question => question.Name)))}",
        ClientAsk.Plan => " has a plan to approve",
        ClientAsk.Permission permission => $": may it use {Named(permission.Tool)}?",
        _ => throw new InvalidOperationException(),
    };

    private static string Named(string text) => Excerpt.Of(Visible.ExactOneLine(text), LongestTool);

    /// <summary>Why a bare "allow" does not count; null where the page has shown all. Without a page nobody was shown a part.</summary>
    public static async Task<string?> WhyNotWholeAsync(Reading reading, Question question, CancellationToken cancellationToken)
    {
        if (await PageStore.StandingAsync(reading, PageCause.Question(question.Id), cancellationToken) is not { } page)
            return null;
        return page.IsTogether ? "it was paged in one line, with others"
            : page.IsTitleAlone ? "its page went out as the title alone"
            : page.Body.StartsWith(question.Text, StringComparison.Ordinal) ? null
            : "its page was cut";
    }

    /// <summary>Whether words without a number may be meant for another permission: one that its session took back a moment ago, while the
    /// page of this one had not been sent yet. So no session puts one thing in the place of another.</summary>
    public static async Task<bool> MayBeMistakenAsync(Reading reading, Question question, CancellationToken cancellationToken)
    {
        if (await PageStore.StandingAsync(reading, PageCause.Question(question.Id), cancellationToken) is { IsSent: true })
            return false;
        var newest = await QuestionStore.NewestAsync(reading, LookedBack, cancellationToken);
        return newest.Exists(each => each is { IsOfClient: true, State: QuestionState.Expired, AnsweredAt: { } at }
            && (reading.Now - at).Duration() < TakenBackLately);
    }

    private static string Cut(Question question, ClientAsk asked, int room)
    {
        var longest = Mark(question, asked, question.Text.Length);
        var marked = PageJson.Sizes(longest);
        var text = PageJson.Beginning(question.Text, LongestBody - marked.Size, room - marked.Sent);
        return text + Mark(question, asked, text.Length);
    }

    private static string Mark(Question question, ClientAsk asked, int shown) => string.Create(
        CultureInfo.InvariantCulture,
        $"…\n\ncut: {shown:N0} of {question.Text.Length:N0} characters; see `relay questions {question.Id}` or the terminal. "
        + $"{(asked is ClientAsk.Choice ? "" : "It cannot be allowed from here.")}\n{HowToWithoutDigest(question, asked)}");
}
