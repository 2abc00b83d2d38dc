using System.CommandLine;
using Relay.Configuration;
using Relay.Costs;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay costs: what the calls to the API cost, as far as it is known.</summary>
internal static class CostsCommand
{
    public static readonly IReadOnlyList<Column> Columns =
    [
        new("calls") { IsNumber = true, Meaning = "that have ended, and those under way" },
        new("input") { IsNumber = true, Rank = 2, Meaning = "tokens sent that were in no cache" },
        new("output") { IsNumber = true, Rank = 1, Meaning = "tokens of the replies, thinking included" },
        new("write 5m") { IsNumber = true, Rank = 4, Meaning = "tokens written to the cache for five minutes" },
        new("write 1h") { IsNumber = true, Rank = 5, Meaning = "tokens written to the cache for an hour" },
        new("read") { IsNumber = true, Rank = 3, Meaning = "tokens read from the cache" },
        new("USD") { IsNumber = true, Meaning = "cost in US dollars; ≥: that of some calls is unknown" },
        new("unknown") { IsNumber = true, Rank = 6, Meaning = "calls whose cost is unknown" },
        new("twice?") { IsNumber = true, Rank = 7, Meaning = "calls perhaps paid twice: the relay stopped while they ran" },
    ];

    public static Command Create(CommandContext context)
    {
        var by = new Option<CostGroup>("--by")
        {
            Description = "day (UTC), session or model",
            HelpName = "day|session|model",
            CustomParser = result => CommonOptions.Value(result, Group, "--by: day, session or model is expected") ?? default,
        };
        var json = CommonOptions.Json();
        var command = new Command("costs", "show what the calls cost") { by, json };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context, context.Settings(parse), parse.GetValue(by), parse.GetValue(json), cancellationToken));
        return command;
    }

    private static CostGroup? Group(string word) => word switch
    {
        "day" => CostGroup.Day,
        "session" => CostGroup.Session,
        "model" => CostGroup.Model,
        _ => null,
    };

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, CostGroup by, bool json, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var sums = await reader.ReadAsync(reading => Spending.SumsAsync(reading, by, cancellationToken), cancellationToken);
        if (json)
            context.WriteJson(sums.Select(sum => Json(by, sum)).ToList());
        else if (sums.Count == 0)
            context.Output.WriteLine("there is nothing yet: no call was made");
        else
        {
            var all = await ShowAsync(context, reader, by, sums, cancellationToken);
            if (all.UnderWay > 0)
                context.Output.WriteLine(CutOff.Is(settings)
                    ? $"{Printing.Calls(all.UnderWay)} cut off when the daemon stopped, not counted yet: at its next start, at worst."
                    : $"{Printing.Calls(all.UnderWay)} under way, not counted yet.");
        }
        return ExitCode.Done;
    }

    private static async Task<CostSum> ShowAsync(
        CommandContext context, HomeReader reader, CostGroup by, List<CostSum> sums, CancellationToken cancellationToken)
    {
        var all = (await reader.ReadAsync(reading => Spending.SumsAsync(reading, CostGroup.All, cancellationToken), cancellationToken))[0];
        var first = new Column(by == CostGroup.All ? "" : by.Word());
        var rows = (by == CostGroup.All ? [] : sums).Select(sum => Row(Name(by, sum), sum)).Append(Row("all", all));
        context.WriteTable([first, .. Columns], rows.ToList());
        if (all.UnknownCost > 0)
            context.Output.WriteLine($"The cost of {Printing.Calls(all.UnknownCost)} is unknown and not in the sums.");
        if (all.Lost > 0)
            context.Output.WriteLine(
                $"The relay stopped during {Printing.Calls(all.Lost)}: perhaps paid for, and twice where they were made again.");
        foreach (var overrun in await reader.ReadAsync(
            reading => Overrun.DescribeAllAsync(reading, cancellationToken), cancellationToken))
            context.Output.WriteLine($"{overrun}.");
        var now = await reader.ReadAsync(reading => BudgetNow.ReadAsync(reading, reader.Budget, cancellationToken), cancellationToken);
        if (now.Describe() is { } today)
            context.Output.WriteLine($"{today}: relay budget.");
        return all;
    }

    private static IReadOnlyList<string> Row(string name, CostSum sum) =>
    [
        name,
        Printing.Count(sum.Calls),
        Printing.Count(sum.Tokens.Input),
        Printing.Count(sum.Tokens.Output),
        Printing.Count(sum.Tokens.CacheWrite5m),
        Printing.Count(sum.Tokens.CacheWrite1h),
        Printing.Count(sum.Tokens.CacheRead),
        Printing.CostCell(Dollars.Of(sum.CostNano), sum.UnknownCost),
        Printing.Count(sum.UnknownCost),
        Printing.Count(sum.Lost),
    ];

    private static object Json(CostGroup by, CostSum sum) => new
    {
        Group = Name(by, sum),
        sum.Calls,
        Tokens = Tokens(sum.Tokens),
        KnownCostUsd = sum.CostNano == 0 && sum.UnknownCost > 0 ? (decimal?)null : Dollars.Of(sum.CostNano),
        CallsOfUnknownCost = sum.UnknownCost,
        CallsPerhapsPaidTwice = sum.Lost,
        CallsUnderWay = sum.UnderWay,
    };

    private static string Name(CostGroup by, CostSum sum) => by switch
    {
        CostGroup.Session when sum.Group.Length == 0 => "(none)",
        _ => sum.Group,
    };

    public static IReadOnlyDictionary<string, long> Tokens(TokenUsage tokens) => new Dictionary<string, long>
    {
        ["input"] = tokens.Input,
        ["output"] = tokens.Output,
        ["cache_write_5m"] = tokens.CacheWrite5m,
        ["cache_write_1h"] = tokens.CacheWrite1h,
        ["cache_read"] = tokens.CacheRead,
    };

}
