using System.CommandLine;
using System.Globalization;
using Relay.Configuration;
using Relay.Operator;
using Relay.Operator.Rulings;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay rulings: what the operator has ruled, and who rests on it.</summary>
internal static class RulingsCommand
{
    private const int Newest = 1_000, NewestUses = 200, LongestQuestion = 160;

    public static readonly IReadOnlyList<Column> UseColumns =
    [
        new("use"), new("time"), new("conversation") { Rank = 1 }, new("message"), new("overturned") { Rank = 2 },
    ];

    private sealed record Wanted(long? Number, bool All, bool Stats);

    /// <summary>What is shown.</summary>
    private sealed record Found(
        IReadOnlyList<RulingRecord> Rulings, IReadOnlyList<RulingUse> Uses, IReadOnlyList<RulingSize> Sizes, RulingFigures? Figures);

    public static Command Create(CommandContext context)
    {
        var number = new Argument<string?>("RULING")
        {
            Description = "the number of one, in force or not, with who rests on it; all that are in force unless said",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var all = new Option<bool>("--all") { Description = "those that count no more too, newest first" };
        var stats = new Option<bool>("--stats") { Description = "figures of the last 30 days" };
        var json = CommonOptions.Json();
        var command = new Command("rulings", "list what you have ruled, word for word, and who rests on it")
        {
            number, all, stats, json, RulingCommands.Scope(context), RulingCommands.Retire(context), RulingCommands.Overturn(context),
        };
        command.SetAction((parse, cancellationToken) =>
        {
            var wanted = new Wanted(Number(parse.GetValue(number)), parse.GetValue(all), parse.GetValue(stats));
            return RunAsync(context, context.Settings(parse), wanted, parse.GetValue(json), cancellationToken);
        });
        return command;
    }

    public static long? Number(string? word) => word is null ? null
        : AnswerCommand.Number(word) ?? throw new CommandFailure(ExitCode.Usage, $"\"{word}\" is not the number of a ruling");

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, Wanted wanted, bool json, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var found = await reader.ReadAsync(reading => ReadAsync(reading, wanted, cancellationToken), cancellationToken);
        if (json)
            context.WriteJson(found.Figures is { } counted
                ? FiguresJson(counted)
                : found.Rulings.Select(each => Json(each, found)).ToList());
        else if (found.Figures is { } figures)
            ShowFigures(context, figures);
        else
            Show(context, found, wanted, settings.Current.Config.RulingsCharCap);
        return ExitCode.Done;
    }

    private static async Task<Found> ReadAsync(Reading reading, Wanted wanted, CancellationToken cancellationToken)
    {
        if (wanted.Stats)
            return new Found([], [], [], await RulingFigures.ReadAsync(reading, cancellationToken));
        if (wanted.Number is { } number)
            return await RulingStore.FindAsync(reading, number, cancellationToken) is { } one
                ? new Found([one], await RulingUses.OfAsync(reading, number, NewestUses, cancellationToken), [], Figures: null)
                : throw new CommandFailure(ExitCode.Failed, $"there is no ruling {number}");
        var rulings = wanted.All
            ? await RulingStore.NewestAsync(reading, Newest, cancellationToken)
            : await RulingStore.StandingAsync(reading, cancellationToken);
        return new Found(rulings, [], await RulingStore.SizesAsync(reading, cancellationToken), Figures: null);
    }

    private static void Show(CommandContext context, Found found, Wanted wanted, int cap)
    {
        if (found.Rulings.Count == 0)
            context.Output.WriteLine(wanted.All ? "there is nothing yet: you have ruled nothing" : "no ruling is in force");
        foreach (var (index, ruling) in found.Rulings.Index())
        {
            if (index > 0)
                context.Output.WriteLine();
            context.WriteText(Head(ruling));
            if (ruling.Asked is { } asked)
                context.WriteEntry("asked: ", wanted.Number is null ? Printing.FirstLine(asked, LongestQuestion) : asked);
            context.WriteEntry(ruling.Asked is null ? "said: " : "answered: ", ruling.Content);
        }
        if (found.Uses.Count > 0)
        {
            context.Output.WriteLine();
            context.WriteTable(UseColumns, found.Uses.Select(Row).ToList());
        }
        if (RulingBudget.Largest(found.Sizes) is { } largest && found.Rulings.Count > 0)
        {
            context.Output.WriteLine();
            context.WriteText(
                $"calls of conversation {largest.Conversation} carry {Printing.Count(largest.Characters)} characters of them, with what "
                + $"they answer; rulings_char_cap is {Printing.Count(cap)}");
            if (largest.Characters > cap && !wanted.All)
                context.WriteText("retire some of them; a proposal:\n"
                    + RulingBudget.Describe(RulingBudget.Proposal(found.Rulings, largest.Conversation, cap)));
        }
    }

    private static string Head(RulingRecord ruling)
    {
        var question = ruling.Question is { } number ? $"  question #{number}" : "";
        var uses = ruling.LastUsedAt is { } last
            ? $"cited {Printing.Many(ruling.Uses, "time")}, last {Printing.Time(last)}"
            : "never cited";
        var state = ruling.EndedAt is { } ended ? $"  {ruling.State.Word()} {Printing.Time(ended)}: {ruling.EndedWhy}" : "";
        return $"ruling {ruling.Id}  {ruling.Scope.Word()}  {ruling.Conversation}  {Printing.Time(ruling.At)}{question}  {uses}{state}";
    }

    private static IReadOnlyList<string> Row(RulingUse use) =>
    [
        use.Id.ToString(CultureInfo.InvariantCulture), Printing.Time(use.At), use.Conversation.Value, use.Message.Value,
        use.OverturnedBy is { } question ? $"{Printing.Time(use.OverturnedAt!.Value)}, question #{question}" : "",
    ];

    private static void ShowFigures(CommandContext context, RulingFigures figures)
    {
        static string Share(double? share) =>
            share is { } part ? string.Create(CultureInfo.InvariantCulture, $"{100 * part:0.#} %") : "none yet";

        context.WriteFacts(
        [
            ("counted since", Printing.Time(figures.Since)),
            ("minutes blocked", figures.MinutesPerQuestion is { } minutes
                ? string.Create(
                    CultureInfo.InvariantCulture, $"{minutes:0.#} per question on average, {figures.LongestMinutes:0.#} at most: ")
                    + $"from asked to answered, over {Printing.Many(figures.Answered, "question")} answered since then "
                    + $"({figures.ByDefault} by default); permissions and open questions are not counted"
                : "none yet: no question was answered since then"),
            ("settled by precedent", $"{Share(figures.SettledShare)}: {figures.Settled} messages whose reply cites a ruling in force, "
                + $"of those and the {figures.Answered} questions answered"),
            ("overturned", $"{Share(figures.OverturnedShare)}: {figures.Overturned} of those {figures.Settled} messages, "
                + "by \"no, ask me\""),
        ]);
    }

    private static object FiguresJson(RulingFigures figures) => new
    {
        figures.Since,
        figures.Answered,
        figures.ByDefault,
        figures.MinutesPerQuestion,
        figures.LongestMinutes,
        figures.Settled,
        figures.SettledShare,
        figures.Overturned,
        figures.OverturnedShare,
    };

    private static object Json(RulingRecord ruling, Found found) => new
    {
        ruling.Id,
        Conversation = ruling.Conversation.Value,
        Scope = ruling.Scope.Word(),
        State = ruling.State.Word(),
        ruling.At,
        ruling.Question,
        Message = ruling.Message?.Value,
        ruling.Asked,
        Text = ruling.Content,
        ruling.Uses,
        ruling.LastUsedAt,
        ruling.EndedAt,
        ruling.EndedWhy,
        ruling.SupersededBy,
        UsedBy = found.Uses.Select(use => new
        {
            use.Id,
            Conversation = use.Conversation.Value,
            Message = use.Message.Value,
            use.At,
            use.OverturnedAt,
            use.OverturnedBy,
        }),
    };
}
