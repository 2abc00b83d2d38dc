using System.Globalization;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>The page of a permission. It shows all that is asked, and with it how to allow exactly that; or it says that it is cut, and
/// then nothing can be allowed from it.</summary>
internal static class PermissionPage
{
    private static readonly TimeSpan TakenBackLately = TimeSpan.FromMinutes(2);

    /// <summary>How many questions may have been asked since one was taken back.</summary>
    private const int LookedBack = 20;

    /// <summary>In bytes, less than a page may have: the page must not be cut once more when it is sent.</summary>
    private const int LongestBody = 4_000, LongestSent = 7_500, LongestTool = 80;

    /// <param name="question">Its text is shown as it is: it was made visible when it was asked.</param>
    /// <param name="tool">For the title.</param>
    /// <param name="token">The operator's.</param>
    public static NewPage Of(Question question, string tool, string token)
    {
        var named = Excerpt.Of(Visible.ExactOneLine(tool), LongestTool);
        var title = $"{token} {question.Session}: may it use {named}? (#{question.Id})";
        var whole = $"{question.Text}\n\nallow: #{question.Id} allow {PermissionDigest.Of(question)}\n{HowToDeny(question)}";
        var room = LongestSent - PageJson.Sizes(title).Sent;
        var (size, sent) = PageJson.Sizes(whole);
        return size <= LongestBody && sent <= room ? Page(title, whole) : Page(title + ", cut", Cut(question, room));

        NewPage Page(string title, string body) => new(PageCause.Question(question.Id), title, body, Priority: 4, "lock");
    }

    /// <summary>Why a bare "allow" does not count; null where the page has shown all. Without a page nobody was shown a part.</summary>
    public static async Task<string?> WhyNotWholeAsync(Reading reading, Question question, CancellationToken cancellationToken)
    {
        if (await PageStore.StandingAsync(reading, PageCause.Question(question.Id), cancellationToken) is not { } page)
            return null;
        return page.IsTitleAlone ? "its page went out as the title alone"
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
        return newest.Exists(each => each is { Kind: QuestionKind.Permission, State: QuestionState.Expired, AnsweredAt: { } at }
            && (reading.Now - at).Duration() < TakenBackLately);
    }

    private static string Cut(Question question, int room)
    {
        var longest = Mark(question, question.Text.Length);
        var marked = PageJson.Sizes(longest);
        var text = PageJson.Beginning(question.Text, LongestBody - marked.Size, room - marked.Sent);
        return text + Mark(question, text.Length);
    }

    private static string Mark(Question question, int shown) => string.Create(
        CultureInfo.InvariantCulture,
        $"…\n\ncut: {shown:N0} of {question.Text.Length:N0} characters; see `relay questions {question.Id}` or the terminal. "
        + $"It cannot be allowed from here.\n{HowToDeny(question)}");

    private static string HowToDeny(Question question) => $"deny: #{question.Id} deny, and why";
}
