using System.CommandLine;
using System.Globalization;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>The names that are known in the home that the words name, read from its database.</summary>
internal sealed class CompletionNames(CommandContext context, ParseResult parse)
{
    private const int Most = 200;

    public static readonly IReadOnlyList<Completing.Choice> Scopes =
        [new("once", "its question only"), new("conversation", "the conversation it is said in"), new("always", "all conversations")];

    /// <param name="what">An option or an argument.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<Completing.Choice>> OfAsync(string what, CancellationToken cancellationToken)
    {
        if (Of(what) is not { } read)
            return [];
        var settings = context.Settings(parse);
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var found = await reader.ReadAsync(reading => read(reading, cancellationToken), cancellationToken);
        var config = settings.Current.Config.Sessions;
        return what switch
        {
            "--session" or "--revoke" or "NAME" => [.. found, .. config.Select(each => new Completing.Choice(each.SessionId))],
            "--conversation" => [.. found, .. config.Select(each => new Completing.Choice(each.Conversation)),
                new Completing.Choice(SessionDirectory.Default.Value)],
            _ => found,
        };
    }

    private static Func<Reading, CancellationToken, Task<List<Completing.Choice>>>? Of(string what) => what switch
    {
        "--session" or "--revoke" or "NAME" => SessionsAsync,
        "--conversation" => ConversationsAsync,
        "QUESTION? TEXT?" => OpenQuestionsAsync,
        "QUESTION" => QuestionsAsync,
        "MESSAGE" or "USE-OR-MESSAGE" => MessagesAsync,
        "RULING" => RulingsAsync,
        _ => null,
    };

    private static async Task<List<Completing.Choice>> SessionsAsync(Reading reading, CancellationToken cancellationToken) =>
        (await SessionStore.NewestAsync(reading, Most, cancellationToken))
            .ConvertAll(session => new Completing.Choice(session.Id.Value, $"in {session.Conversation}"));

    private static async Task<List<Completing.Choice>> ConversationsAsync(Reading reading, CancellationToken cancellationToken) =>
        [.. (await ConversationStore.ListAsync(reading, cancellationToken)).Take(Most)
            .Select(each => new Completing.Choice(each.Conversation.Value))];

    private static async Task<List<Completing.Choice>> OpenQuestionsAsync(Reading reading, CancellationToken cancellationToken) =>
        (await QuestionStore.OpenAsync(reading, cancellationToken)).ConvertAll(Choice);

    private static async Task<List<Completing.Choice>> QuestionsAsync(Reading reading, CancellationToken cancellationToken) =>
        (await QuestionStore.NewestAsync(reading, Most, cancellationToken)).ConvertAll(Choice);

    private static Completing.Choice Choice(Question question) =>
        new(Number(question.Id), $"{question.Whose}, {question.Kind.Word()}: {QuestionText.OneLine(question.Text, "", Most)}");

    /// <summary>Those that are under way: which are meant to be explained, tried again or dropped.</summary>
    private static async Task<List<Completing.Choice>> MessagesAsync(Reading reading, CancellationToken cancellationToken)
    {
        var under = (await MessageStore.UnderWayAsync(reading, cancellationToken)).Take(Most)
            .Select(message => new Completing.Choice(message.Id.Value, $"{message.Session} {message.State.Word()}"));
        var replies = (await Outbox.OpenAsync(reading, cancellationToken)).Take(Most)
            .Where(reply => reply.Message is not null)
            .Select(reply => new Completing.Choice(reply.Message!.Value.Value, $"{reply.Session} answered"));
        return [.. under, .. replies];
    }

    private static async Task<List<Completing.Choice>> RulingsAsync(Reading reading, CancellationToken cancellationToken) =>
        (await RulingStore.StandingAsync(reading, cancellationToken))
            .ConvertAll(ruling => new Completing.Choice(Number(ruling.Id), Printing.FirstLine(ruling.Content, Most)));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
