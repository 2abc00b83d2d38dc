using System.CommandLine;
using System.Text.Json.Nodes;
using Relay.Configuration;
using Relay.Operator;
using Relay.Operator.Asked;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay questions: lists what the advisor asks the operator.</summary>
internal static class QuestionsCommand
{
    private const int Newest = 1000;

    public static Command Create(CommandContext context)
    {
        var number = new Argument<string?>("QUESTION")
        {
            Description = "the number of one, open or not; all open ones unless said",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var all = new Option<bool>("--all") { Description = "the answered ones too, newest first" };
        var json = CommonOptions.Json();
        var command = new Command("questions", "list the open questions to the operator, each in full") { number, all, json };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(
                context, context.Settings(parse), new Wanted(Number(parse.GetValue(number)), parse.GetValue(all)), parse.GetValue(json),
                cancellationToken));
        return command;
    }

    /// <param name="Number">One of them; null for all.</param>
    /// <param name="All">The answered ones, too.</param>
    private sealed record Wanted(long? Number, bool All);

    private static long? Number(string? word) => word is null ? null
        : AnswerCommand.Number(word) ?? throw new CommandFailure(ExitCode.Usage, $"\"{word}\" is not the number of a question");

    public static object Json(Question question) => new
    {
        question.Id,
        Open = question.IsOpen,
        Kind = question.Kind.Word(),
        Session = question.Session.Value,
        Conversation = question.Conversation.Value,
        Message = question.Message?.Value,
        question.Text,
        question.AskedAt,
        question.AnsweredAt,
        question.AnsweredVia,
        question.Answer,
        Options = question.Options.Select(option => new { option.Key, option.Text, Recommended = option.IsRecommended }),
        question.Deadline,
        Default = question.DefaultOption,
        question.Chosen,
        question.ByDefault,
        question.Overturns,
        question.OverturnedBy,
        BlockedMinutes = Math.Round(question.Blocked(TimeProvider.System.GetUtcNow()).TotalMinutes, 1),
        Asked = question.Asked is { } asked ? JsonNode.Parse(asked) : null,
        Decision = question.Decision is { } decision ? JsonNode.Parse(decision) : null,
        Digest = question.Kind is QuestionKind.Permission or QuestionKind.Plan ? PermissionDigest.Of(question) : null,
    };

    /// <summary>A question that the operator's own words led to is no session's.</summary>
    public static string Asker(string session) => session.Length == 0 ? "the advisor" : session;

    /// <summary>By whom, and which option it was.</summary>
    public static string Answered(Question question, string at)
    {
        if (question.ByDefault)
            return $"nobody answered until {at}, the default was taken"
                + (question.OverturnedBy is { } asked ? $" (overturned: question #{asked})" : "");
        return $"answered {at} by {question.AnsweredVia}" + (question.Chosen is { } key ? $", option ({key})" : "");
    }

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, Wanted wanted, bool json, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var questions = await reader.ReadAsync(
            reading => ReadAsync(reading, wanted, cancellationToken), cancellationToken);
        if (json)
        {
            context.WriteJson(questions.Select(Json).ToList());
            return ExitCode.Done;
        }
        if (questions.Count == 0)
            context.Output.WriteLine(wanted.All ? "there is nothing yet: no question was asked" : "no question is open");
        foreach (var (index, question) in questions.Index())
            Show(context, question, settings.Current.Config.Operator.Token, first: index == 0);
        return ExitCode.Done;
    }

    private static async Task<List<Question>> ReadAsync(Reading reading, Wanted wanted, CancellationToken cancellationToken)
    {
        if (wanted.Number is not { } number)
            return await (wanted.All
                ? QuestionStore.NewestAsync(reading, Newest, cancellationToken)
                : QuestionStore.OpenAsync(reading, cancellationToken));
        return await QuestionStore.FindAsync(reading, number, cancellationToken) is { } found
            ? [found]
            : throw new CommandFailure(ExitCode.Failed, $"there is no question #{number}");
    }

    private static string HowTo(Question question, ClientAsk asked)
    {
        var (answer, digest) = ($"relay answer {question.Id}", PermissionDigest.Of(question));
        return asked switch
        {
            ClientAsk.Permission permission => $"allow exactly this: {answer} allow {digest}"
                + (permission.Suggestions.Count == 0 ? ""
                    : $"\nalways: {answer} \"always 1 {digest}\" (also: always 1 session, always 1 project)"),
            ClientAsk.Plan => $"approve exactly this: {answer} \"approve {digest}\" (or \"approve and accept edits {digest}\")\n"
                + $"with other words: {answer} --edited FILE\nsend it back: {answer} \"back: WHY\"",
            ClientAsk.Choice choice => $"{answer} ANSWER, which is {ChoiceWords.HowTo(choice)}",
            _ => "",
        };
    }

    private static void Show(CommandContext context, Question question, string token, bool first)
    {
        if (!first)
            context.Output.WriteLine();
        var kind = question.Kind == QuestionKind.Refusal ? ", the advisor refused" : "";
        var state = question.IsOpen ? "" : $", {question.State.Word()}";
        context.WriteText($"#{question.Id}  {Asker(question.Session.Value)}  {Printing.Time(question.AskedAt)}{kind}{state}");
        context.WriteShown(question.Shown(token));
        if (question is { IsOpen: true, Ask: { } asked })
            context.WriteBlock(HowTo(question, asked));
        if (question is { IsOpen: true, Deadline: not null } or { IsOpen: true, Options.Count: > 0 })
            context.WriteText(QuestionPages.HowTo(question));
        if (question is not { IsOpen: false, AnsweredAt: { } at })
            return;
        if (question is { State: QuestionState.Expired, Answer: { } vain })
            context.WriteEntry($"answered in vain {Printing.Time(at)}, {question.AnsweredVia}: ", vain);
        else if (question.State == QuestionState.Expired)
            context.WriteEntry($"expired {Printing.Time(at)}: ", question.AnsweredVia ?? "");
        else
            context.WriteEntry($"{Answered(question, Printing.Time(at))}: ", question.Answer ?? "");
    }
}
