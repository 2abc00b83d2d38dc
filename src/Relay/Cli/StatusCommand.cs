using System.CommandLine;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Http;
using Relay.Operator;
using Relay.Storage;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>relay status: as the daemon sees it, or from disk when it is not running.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static Command Create(CommandContext context)
    {
        var json = Parts.Json();
        var command = new Command("status", "show what the relay is doing, running or not") { json };
        command.SetAction((parse, cancellationToken) => RunAsync(context, context.Settings(parse), parse.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, SettingsSource settings, bool json, CancellationToken cancellationToken)
    {
        using var daemon = new DaemonClient(settings, TimeProvider.System);
        var answer = await daemon.GetAsync("/status", Patience, cancellationToken);
        var running = answer is not DaemonClient.Answer.NotRunning;
        var trouble = answer switch
        {
            DaemonClient.Answer.Silent silent => $"the daemon runs but does not answer ({silent.Reason}); this is read from disk",
            DaemonClient.Answer.Said { IsOk: false } said => $"the daemon refuses to say ({said.Detail}); this is read from disk",
            _ => null,
        };
        JsonObject status;
        if (answer is DaemonClient.Answer.Said { IsOk: true } told)
            status = JsonSerializer.SerializeToNode(told.Body)!.AsObject();
        else
            (status, trouble) = await FromDiskAsync(settings, trouble, cancellationToken);
        if (trouble is not null)
            await context.Error.WriteLineAsync(trouble);
        if (json)
        {
            status["running"] = running;
            context.WriteJson(status);
        }
        else
        {
            Show(context, settings.Current.Home, status, running);
        }
        return trouble is null ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>Where the database cannot be read, what the daemon last wrote: when it waits for its database, that says so.</summary>
    private static async Task<(JsonObject Status, string? Trouble)> FromDiskAsync(
        SettingsSource settings, string? trouble, CancellationToken cancellationToken)
    {
        try
        {
            await using var records = await Records.OpenAsync(settings, cancellationToken);
            return (ToJson(await records.StatusAsync(cancellationToken)), trouble);
        }
        catch (DbException exception) when (StatusReport.InFile(settings.Current.Home.StatusFile) is { } last)
        {
            return (ToJson(last), $"{Database.Explain(exception)}; this is what state/status.json said last");
        }
    }

    private static JsonObject ToJson(StatusReport status) => JsonSerializer.SerializeToNode(status, Json.Options)!.AsObject();

    private static void Show(CommandContext context, RelayHome home, JsonObject json, bool running)
    {
        var status = Understood(json);
        if (!running)
            context.Output.WriteLine($"the daemon is not running; this is what lies in {home.Root}");
        context.WriteFacts(Facts(status, running));
        foreach (var question in status.Questions)
        {
            context.Output.WriteLine();
            context.WriteText($"question #{question.Id} of {question.Session}, {Printing.Ago(Now() - question.AskedAt)} ago:\n{question.Text}");
        }
        if (status.Sessions.Count == 0)
            return;
        context.Output.WriteLine();
        context.WriteTable(SessionsCommand.Columns, status.Sessions.Select(SessionsCommand.Row).ToList());
    }

    private static IEnumerable<(string, string?)> Facts(StatusReport status, bool running) =>
    [
        ("state", State(status, running)),
        ("questions", status.Questions.Count == 0 ? "none open" : $"{status.Questions.Count} open"),
        ("queue", Queue(status)),
        ("cost", Cost(status)),
        ("tokens", $"{Printing.Count(status.TotalInputTokens)} in, {Printing.Count(status.TotalOutputTokens)} out"),
        ("history", $"{Printing.Count(status.HistoryTurns)} turns, {Printing.Count(status.HistoryChars)} characters"),
        ("dispatch", status.LastDispatchAt is { } at ? $"last to {status.LastDispatchSession}, {Printing.Ago(Now() - at)} ago" : null),
        ("pages", status.PagesUnsent == 0 ? null : $"{status.PagesUnsent} unsent{(status.PageError is null ? "" : ": " + status.PageError)}"),
        ("model", status.Model),
        ("since", status.StartedAt is { } since ? Printing.Time(since) : null),
        ("version", status.Version),
    ];

    private static string State(StatusReport status, bool running)
    {
        var state = running ? status.State : status.State == "running" ? "not running" : "not running, " + status.State;
        return status.StateReason is null ? state : $"{state}: {status.StateReason}";
    }

    private static string Queue(StatusReport status)
    {
        if (status.QueueDepth == 0)
            return "empty";
        var depth = $"{Printing.Count(status.QueueDepth)} unanswered, the oldest for {Printing.Ago(TimeSpan.FromSeconds(status.OldestWaitingSeconds))}";
        return status.DeferredUntil is { } until ? $"{depth}; next try at {Printing.Time(until)}" : depth;
    }

    private static string Cost(StatusReport status)
    {
        var sum = Printing.Cost(status.TotalCostUsd, status.CallsOfUnknownCost);
        return status.CallsOfUnknownCost == 0 ? sum : $"{sum}; the cost of {Printing.Calls(status.CallsOfUnknownCost)} is unknown";
    }

    private static StatusReport Understood(JsonObject json)
    {
        try
        {
            return json.Deserialize<StatusReport>(Json.Options)!;
        }
        catch (JsonException)
        {
            throw new CommandFailure(ExitCode.Failed, "the daemon is of another version than this program; relay status --json shows what it says");
        }
    }

    private static DateTimeOffset Now() => TimeProvider.System.GetUtcNow();
}
