using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>Pages the operator what the advisor needs of him.</summary>
internal static class QuestionPages
{
    public static Task PageAsync(Writing writing, Question question, string token, CancellationToken cancellationToken)
    {
        var asker = question.Session == SessionId.None ? "the advisor" : question.Session.Value;
        var title = $"{token} {asker} asks (#{question.Id})";
        var text = question.Shown(token);
        var how = HowTo(question);
        var page = new NewPage(
            PageCause.Question(question.Id), title, how.Length == 0 ? text : $"{text}\n\n{Visible.Of(how)}", question.Priority, "question");
        return PageStore.QueueAsync(writing, page, cancellationToken);
    }

    /// <summary>By when, and what happens then; which words choose an option.</summary>
    public static string HowTo(Question question)
    {
        var lines = new List<string>();
        if (question.Options is [var first, ..])
            lines.Add($"Answer \"#{question.Id} {(question.Options.FirstOrDefault(option => option.IsRecommended) ?? first).Key}\" "
                + "for an option, or in your own words.");
        if (question is { Deadline: { } at, DefaultOption: var key })
            lines.Add(question.OptionOf(key) is { } option
                ? $"Without an answer until {Time(at)}, ({option.Key}) is taken: {option.Text}"
                : $"An answer is wanted until {Time(at)}; without one nothing is decided.");
        return string.Join('\n', lines);
    }

    /// <summary>As it is told to people and to the advisor.</summary>
    public static string Time(DateTimeOffset at) => FormattableString.Invariant($"{at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
}
