using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Api;

/// <summary>What became of the operator's words.</summary>
/// <param name="Question">That they answered.</param>
/// <param name="Session">Whose question it was; empty for one about the operator's own words.</param>
/// <param name="Kind">escalation, refusal or permission.</param>
/// <param name="Asked">The beginning of the question.</param>
/// <param name="Where">Where what follows from them goes.</param>
internal sealed record Receipt(long Question, string Session, string Kind, string Asked, string Where)
{
    public string Outcome { get; init; } = "accepted";

    /// <summary>Of a permission: allowed or denied.</summary>
    public string? Decision { get; init; }

    /// <summary>The number of the ruling that the words are, and for what it holds.</summary>
    public long? Ruling { get; init; }

    public string? Scope { get; init; }

    /// <summary>The option that they name.</summary>
    public string? Option { get; init; }
}

/// <summary>Makes the receipts, from what is recorded after the words were taken.</summary>
internal sealed class Receipts(Database database, SettingsSource settings)
{
    private const int LongestQuestion = 80;

    public Task<Receipt> OfAsync(Answers.Outcome.Accepted accepted, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var question = (await QuestionStore.FindAsync(reading, accepted.Question, cancellationToken))!;
            var token = question.Kind == QuestionKind.Permission ? "" : settings.Current.Config.Operator.Token;
            var asked = QuestionText.OneLine(question.Text, token, LongestQuestion);
            var receipt = new Receipt(question.Id, question.Session.Value, question.Kind.Word(), asked, question.Session.Value);
            if (question.Kind == QuestionKind.Permission)
                return receipt with { Decision = Decision(question.Answer ?? "") };
            var raised = question.Message is { } message
                ? await MessageStore.FindAsync(reading, question.Conversation, message, cancellationToken)
                : null;
            var ruling = (await RulingStore.OfQuestionAsync(reading, question.Id, cancellationToken)).FirstOrDefault();
            return receipt with
            {
                Where = Where(question.Session, raised?.Channel ?? ReplyChannel.Folder),
                Ruling = ruling?.Id,
                Scope = ruling?.Scope.Word(),
                Option = question.OptionOf(question.Chosen) is { } chosen ? $"({chosen.Key}) {chosen.Text}" : null,
            };
        },
        cancellationToken);

    private static string Decision(string answer) =>
        PermissionWords.Of(answer) == PermissionWords.Word.Allow ? "allowed" : "denied";

    /// <summary>Where words that go straight to a session will lie.</summary>
    public Task<string> WhereAsync(SessionId session, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var known = await SessionStore.FindAsync(reading, session, cancellationToken);
            return Where(session, known?.Channel ?? ReplyChannel.Folder);
        },
        cancellationToken);

    private static string Where(SessionId session, ReplyChannel channel) => channel switch
    {
        ReplyChannel.Operator => "you, as a page",
        ReplyChannel.Agent => $"{session}, with its next hook or tool call",
        ReplyChannel.Caller => $"{session}, which waits with relay ask; if it does no more, to dispatch/{session}/input.txt",
        _ => $"{session}, as dispatch/{session}/input.txt",
    };
}
