using System.Globalization;
using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Phone;

/// <summary>The page of many questions: each with its number, and, where all of it stands there, with how to allow it.</summary>
internal static class BurstPage
{
    public const string Over = "Relay: no question of this list waits";

    private const int LongestLine = 200, Room = 3_600;

    /// <summary>A line break of what can be allowed from here: as a blank it would hide where a command ends and the next begins.</summary>
    private const char Break = '⏎';

    public static async Task<List<Question>> OpenAsync(Reading reading, string burst, CancellationToken cancellationToken)
    {
        var open = new List<Question>();
        foreach (var (number, isOpen) in await PageStore.MembersAsync(reading, burst, cancellationToken))
            if (isOpen && await QuestionStore.FindAsync(reading, number, cancellationToken) is { IsOpen: true } question)
                open.Add(question);
        open.Sort((one, other) => one.Id.CompareTo(other.Id));
        return open;
    }

    public static QueuedPage Of(QueuedPage page, IReadOnlyList<Question> open, string token, DateTimeOffset now)
    {
        if (open.Count == 0)
            return page;
        var (text, room, shown) = ("", Room, 0);
        foreach (var line in open.Select(question => Line(question, token)))
        {
            var (size, sent) = PageJson.Sizes(line);
            if (Math.Max(size, sent) is var needed && needed > room)
                break;
            (text, room, shown) = ($"{text}{line}\n", room - needed, shown + 1);
        }
        var more = open.Count > shown ? string.Create(CultureInfo.InvariantCulture, $"and {open.Count - shown} more\n") : "";
        var first = open[0].Id;
        return page with
        {
            Title = Title(open, token) + (page.Step > 0 ? $", for {Duration.WriteMinutes(now - open[0].AskedAt)}" : ""),
            Body = $"{text}{more}\nAnswer each by its number: \"#{first}\" and what you say. relay questions shows all of them.",
        };
    }

    public static string Title(IReadOnlyList<Question> open, string token) => open.Count == 1
        ? $"{token} 1 question waits for you (#{open[0].Id})"
        : string.Create(CultureInfo.InvariantCulture, $"{token} {open.Count} questions wait for you");

    private static string Line(Question question, string token)
    {
        var text = question.IsOfClient ? question.Text : question.Shown(token);
        var mayGrant = question.Kind is QuestionKind.Permission or QuestionKind.Plan;
        var line = Visible.OneLineAgain(text.ReplaceLineEndings(mayGrant ? $" {Break} " : " "));
        var head = $"#{question.Id} {question.Whose}: ";
        if (line.Length > LongestLine || (mayGrant && text.Contains(Break, StringComparison.Ordinal)))
            return head + Excerpt.Of(line, LongestLine);
        return head + line + question.Kind switch
        {
            QuestionKind.Permission => $"\n   allow: #{question.Id} allow {PermissionDigest.Of(question)}",
            QuestionKind.Plan => $"\n   approve: #{question.Id} approve {PermissionDigest.Of(question)}",
            _ => "",
        };
    }
}
