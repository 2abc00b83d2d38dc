using System.CommandLine;
using System.Text.Json;
using Relay.Configuration;
using Relay.Costs;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>relay budget: the caps and how far they are used; and what today may cost, said anew.</summary>
internal static class BudgetCommand
{
    private const int RecordShown = 20;
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(20);

    public static Command Create(CommandContext context)
    {
        var today = new Option<string?>("--today")
        {
            Description = "what this day (UTC) may cost in place of budget.per_day_usd, in dollars; it ends at midnight UTC",
            HelpName = "USD",
        };
        today.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && BudgetNow.Parse(token.Value) is null)
                result.AddError($"--today: {BudgetNow.AmountText} is expected");
        });
        var json = CommonOptions.Json();
        var command = new Command("budget", "show the caps and what is spent of them, or say what today may cost") { today, json };
        command.SetAction((parse, cancellationToken) => parse.GetValue(today) is { } usd
            ? SetAsync(context, context.Settings(parse), usd, parse.GetValue(json), cancellationToken)
            : ShowAsync(context, context.Settings(parse), parse.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> ShowAsync(
        CommandContext context, SettingsSource settings, bool json, CancellationToken cancellationToken)
    {
        var caps = settings.Current.Config.Budget;
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var (now, said) = await reader.ReadAsync(
            async reading => (
                await BudgetNow.ReadAsync(reading, caps, cancellationToken),
                await DayCaps.OfAsync(reading, Spending.Day(reading.Now), RecordShown, cancellationToken)),
            cancellationToken);
        var calls = CutOff.Is(settings) ? "calls that were cut off when the daemon stopped" : "calls under way";
        if (json)
            context.WriteJson(new { Today = Json(now.Day), Month = Json(now.Month), Said = said.ConvertAll(Json) });
        else
            context.WriteFacts(
            [
                ("today", Line(now.Day, calls) + (now.Said is null ? "" : $"; in config.yaml {Cap(now.ConfiguredNano)}")),
                ("this month", Line(now.Month, calls)),
                .. said.Select((each, index) => Fact(index == 0 ? "said" : "before", each)),
                ("", now.Day.CapNano is null ? "no budget.per_day_usd in config.yaml: nothing limits a day" : null),
            ]);
        return ExitCode.Done;
    }

    private static (string, string?) Fact(string name, DayCap said) =>
        (name, $"{Dollars.Exact(said.Nano)} for today: {said.Via}, {Printing.Time(said.At)}");

    private static string Cap(long? nano) => nano is { } cap ? Dollars.Exact(cap) : "none";

    private static string Line(CapNow cap, string calls)
    {
        var spent = $"{Dollars.Exact(cap.Spent.SpentNano)} spent"
            + (cap.Spent.UnknownNano == 0 ? "" : $" ({Dollars.Exact(cap.Spent.UnknownNano)} of it perhaps)")
            + (cap.Spent.ReservedNano == 0 ? "" : $", {Dollars.Exact(cap.Spent.ReservedNano)} reserved for {calls}");
        return (cap.CapNano is { } most ? $"{spent}, of {Dollars.Exact(most)} until {Printing.Time(cap.Until)}" : $"{spent}, no cap")
            + (cap.Spent.CallsOfUnknownCost == 0 ? "" : $"; the cost of {Printing.Calls(cap.Spent.CallsOfUnknownCost)} is unknown");
    }

    private static object Json(CapNow cap) => new
    {
        cap.Period,
        SpentUsd = Dollars.Of(cap.Spent.SpentNano),
        PerhapsUsd = Dollars.Of(cap.Spent.UnknownNano),
        cap.Spent.CallsOfUnknownCost,
        ReservedUsd = Dollars.Of(cap.Spent.ReservedNano),
        CapUsd = cap.CapNano is { } nano ? Dollars.Of(nano) : (decimal?)null,
        cap.Until,
    };

    private static object Json(DayCap said) => new { CapUsd = Dollars.Of(said.Nano), said.At, said.Via };

    private static async Task<int> SetAsync(
        CommandContext context, SettingsSource settings, string usd, bool json, CancellationToken cancellationToken)
    {
        using var daemon = new DaemonClient(settings, TimeProvider.System);
        var body = new { Usd = usd, Day = Spending.Day(TimeProvider.System.GetUtcNow()) };
        var done = DaemonClient.BodyOf(await daemon.PostAsync("/budget/today", body, ResponseTimeout, cancellationToken));
        if (json)
            context.WriteJson(done);
        else
            Tell(context, settings, done);
        return ExitCode.Done;
    }

    private static void Tell(CommandContext context, SettingsSource settings, JsonElement done)
    {
        var cap = done.GetProperty("today").Deserialize<CapStatus>(Relay.Http.Json.Options)!;
        var released = done.GetProperty("released").GetInt32();
        var month = settings.Current.Config.Budget.PerMonthUsd is null ? "" : "; budget.per_month_usd holds besides";
        var again = released == 0 ? ""
            : $"; {Printing.Many(released, "message")} held for the budget {(released == 1 ? "is" : "are")} tried again";
        context.WriteText($"{cap.Line}, until {Printing.Time(cap.Until)}{month}{again}");
    }
}
