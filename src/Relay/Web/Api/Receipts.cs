using Relay.Agents.Hooks;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Web.Api;

/// <summary>What became of the operator's words.</summary>
/// <param name="Question">That they answered.</param>
/// <param name="Session">Whose question it was; empty for one about the operator's own words.</param>
/// <param name="Kind">escalation, refusal, permission, choice or plan.</param>
/// <param name="Asked">The beginning of the question.</param>
/// <param name="Where">Where what follows from them goes.</param>
internal sealed record Receipt(long Question, string Session, string Kind, string Asked, string Where)
{
    public string Outcome { get; init; } = "accepted";

    /// <summary>Of what a client asks: allowed, denied, answered and others.</summary>
    public string? Decision { get; init; }

    /// <summary>Whether that client has it: it had not gone, nor was its terminal first. Null where that is not known.</summary>
    public bool? Given { get; init; }

    /// <summary>The number of the ruling that the words are, and for what it holds.</summary>
    public long? Ruling { get; init; }

    public string? Scope { get; init; }

    /// <summary>The conversation in which they wait, where the operator has paused it.</summary>
    public string? Paused { get; init; }

    /// <summary>The option that they name.</summary>
    public string? Option { get; init; }
}

/// <summary>Makes the receipts, from what is recorded after the words were taken.</summary>
internal sealed class Receipts(Database database, ClientWaits waits, SettingsSource settings)
{
    /// <summary>For how long a client may take to read an answer.</summary>
    private static readonly TimeSpan Reading = TimeSpan.FromSeconds(3);

    private const int LongestQuestion = 80;

    public async Task<Receipt> OfAsync(Answers.Outcome.Accepted accepted, CancellationToken cancellationToken)
    {
        var has = await waits.HasAsync(accepted.Question, Reading);
        return await ReadAsync(accepted, has, cancellationToken);
    }

    private Task<Receipt> ReadAsync(
        Answers.Outcome.Accepted accepted, ClientHas has, CancellationToken cancellationToken) => database.ReadAsync(
        async reading =>
        {
            var question = (await QuestionStore.FindAsync(reading, accepted.Question, cancellationToken))!;
            var token = question.Kind == QuestionKind.Permission ? "" : settings.Current.Config.Operator.Token;
            var asked = QuestionText.OneLine(question.Text, token, LongestQuestion);
            var receipt = new Receipt(question.Id, question.Session.Value, question.Kind.Word(), asked, question.Session.Value);
            if (question.Ask is { } client)
                return receipt with
                {
                    Decision = Decision.Parse(question.Decision)?.Word(client),
                    Given = question.State == QuestionState.Expired || has == ClientHas.No ? false : has == ClientHas.Yes ? true : null,
                };
            var raised = question.Message is { } message
                ? await MessageStore.FindAsync(reading, question.Conversation, message, cancellationToken)
                : null;
            var ruling = (await RulingStore.OfQuestionAsync(reading, question.Id, cancellationToken)).FirstOrDefault();
            return receipt with
            {
                Where = Where(question.Session, raised?.Channel ?? ReplyChannel.Folder),
                Paused = await ConversationStore.FindAsync(reading, question.Conversation, cancellationToken) is { Pause: not null }
                    ? question.Conversation.Value : null,
                Ruling = ruling?.Id,
                Scope = ruling?.Scope.Word(),
                Option = question.OptionOf(question.Chosen)?.Named,
            };
        },
        cancellationToken);

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
