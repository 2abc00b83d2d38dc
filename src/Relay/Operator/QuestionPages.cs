using Relay.Conversations;
using Relay.Operator.Pages;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Pages the operator what the advisor needs of him.</summary>
internal static class QuestionPages
{
    public static Task PageAsync(Writing writing, Question question, string token, CancellationToken cancellationToken)
    {
        var asker = question.Session == SessionId.None ? "the advisor" : question.Session.Value;
        var title = $"{token} {asker} asks (#{question.Id})";
        var page = new NewPage(PageCause.Question(question.Id), title, question.Shown(token), Priority: 5, "question");
        return PageStore.QueueAsync(writing, page, cancellationToken);
    }
}
