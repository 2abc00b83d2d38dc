using System.CommandLine;
using Relay.Configuration;
using Relay.Operator;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay questions: lists what the advisor asks the operator.</summary>
internal static class QuestionsCommand
{
    private const int Newest = 1000;

    public static Command Create(CommandContext context)
    {
        var all = new Option<bool>("--all") { Description = "the answered ones too, newest first" };
        var json = CommonOptions.Json();
        var command = new Command("questions", "list the open questions to the operator") { all, json };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context, context.Settings(parse), parse.GetValue(all), parse.GetValue(json), cancellationToken));
        return command;
    }

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
    };

    /// <summary>A question that the operator's own words led to is no session's.</summary>
    public static string Asker(string session) => session.Length == 0 ? "the advisor" : session;

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, bool all, bool json, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var questions = await reader.ReadAsync(
            reading => all
                ? QuestionStore.NewestAsync(reading, Newest, cancellationToken)
                : QuestionStore.OpenAsync(reading, cancellationToken),
            cancellationToken);
        if (json)
        {
            context.WriteJson(questions.Select(Json).ToList());
            return ExitCode.Done;
        }
        if (questions.Count == 0)
            context.Output.WriteLine(all ? "there is nothing yet: no question was asked" : "no question is open");
        foreach (var (index, question) in questions.Index())
            Show(context, question, settings.Current.Config.Operator.Token, first: index == 0);
        return ExitCode.Done;
    }

    private static void Show(CommandContext context, Question question, string token, bool first)
    {
        if (!first)
            context.Output.WriteLine();
        var kind = question.Kind == QuestionKind.Refusal ? ", the advisor refused" : "";
        var state = question.IsOpen ? "" : $", {question.State.Word()}";
        context.WriteText($"#{question.Id}  {Asker(question.Session.Value)}  {Printing.Time(question.AskedAt)}{kind}{state}");
        context.WriteText(QuestionText.Without(question.Text, token));
        if (question is { IsOpen: false, AnsweredAt: { } at })
            context.WriteText(question.State == QuestionState.Expired
                ? $"expired {Printing.Time(at)}: {question.AnsweredVia}"
                : $"answered {Printing.Time(at)} by {question.AnsweredVia}: {question.Answer}");
    }
}
