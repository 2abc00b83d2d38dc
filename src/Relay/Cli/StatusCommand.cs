using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Configuration;
using Relay.Http;
using Relay.Operator;
using Relay.Storage;
using Relay.Texts;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>relay status: what the daemon says, or what is on disk when it is not running.</summary>
internal static class StatusCommand
{
    /// <summary>It is a glance: a question is read elsewhere.</summary>
    private const int LongestQuestion = 200;

    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);

    public static Command Create(CommandContext context)
    {
        var json = CommonOptions.Json();
        var command = new Command("status", "show what the relay is doing, running or not") { json };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context, context.Settings(parse), parse.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, bool json, CancellationToken cancellationToken)
    {
        using var daemon = new DaemonClient(settings, TimeProvider.System);
        var response = await daemon.GetAsync("/status", ResponseTimeout, cancellationToken);
        var running = response is not DaemonClient.Response.NotRunning;
        var fault = response switch
        {
            DaemonClient.Response.Unanswered unanswered => $"the daemon runs but does not answer ({unanswered.Reason})",
            DaemonClient.Response.Received { IsOk: false } refused => $"the daemon refuses to answer ({refused.Detail})",
            _ => null,
        };
        JsonObject status;
        var exit = ExitCode.Failed;
        if (response is DaemonClient.Response.Received { IsOk: true } received)
            status = JsonSerializer.SerializeToNode(received.Body)!.AsObject();
        else
            (status, fault, exit) = running && StatusReport.InFile(settings.Current.Home.StatusFile) is { } mirrored
                ? (AsOf(settings, mirrored), $"{fault}; this is what it wrote {Ago(settings)} into state/status.json", ExitCode.Failed)
                : await FromDiskAsync(settings, fault, cancellationToken);
        if (fault is not null)
            await context.Error.WriteLineAsync(fault);
        if (running)
            context.WriteFaults(settings.Current.Home);
        if (json)
        {
            status["running"] = running;
            context.WriteJson(status);
        }
        else
        {
            Show(context, settings.Current, status, running);
        }
        return fault is null ? ExitCode.Done : exit;
    }

    /// <summary>Where the database cannot be read, what the daemon last wrote: when it waits for its database, that says so.</summary>
    private static async Task<(JsonObject Status, string? Fault, int Exit)> FromDiskAsync(
        SettingsSource settings, string? fault, CancellationToken cancellationToken)
    {
        try
        {
            await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
            var read = ToJson(await reader.StatusAsync(cancellationToken));
            return (read, fault is null ? null : $"{fault}; this is read from disk", ExitCode.Failed);
        }
        catch (DbException exception) when (StatusReport.InFile(settings.Current.Home.StatusFile) is { } last)
        {
            var exit = exception is DatabaseFaultException { IsOfConfiguration: true } ? ExitCode.Configuration : ExitCode.Failed;
            return (AsOf(settings, last), $"{Database.Explain(exception)}; this is what state/status.json said {Ago(settings)}", exit);
        }
    }

    /// <summary>What nobody keeps current any more tells of when it is.</summary>
    private static JsonObject AsOf(SettingsSource settings, StatusReport status)
    {
        var json = ToJson(status);
        json["as_of"] = WrittenAt(settings);
        return json;
    }

    private static string Ago(SettingsSource settings) => $"{Printing.Age(Now() - WrittenAt(settings))} ago";

    private static DateTimeOffset WrittenAt(SettingsSource settings) => File.GetLastWriteTimeUtc(settings.Current.Home.StatusFile);

    private static JsonObject ToJson(StatusReport status) => JsonSerializer.SerializeToNode(status, Json.Options)!.AsObject();

    private static void Show(CommandContext context, Settings settings, JsonObject json, bool running)
    {
        var (home, token) = (settings.Home, settings.Config.Operator.Token);
        var status = Parse(json);
        if (!running)
            context.Output.WriteLine($"the daemon is not running; this is read from {home.Root}");
        context.WriteFacts(Facts(status, running));
        foreach (var question in status.Questions)
        {
            context.Output.WriteLine();
            var asker = QuestionsCommand.Asker(question.Session);
            context.WriteText($"question #{question.Id} of {asker}, {Printing.Age(Now() - question.AskedAt)} ago:");
            WriteBeginning(context, question.Id, Question.Shown(question.Kind, question.Text, token));
        }
        if (status.Sessions.Count == 0)
            return;
        context.Output.WriteLine();
        context.WriteTable(SessionsCommand.Columns, status.Sessions.Select(SessionsCommand.Row).ToList());
    }

    private static void WriteBeginning(CommandContext context, long question, string shown)
    {
        var whole = shown.Trim();
        var line = Excerpt.Of(Excerpt.Of(whole, LongestQuestion + 1).ReplaceLineEndings(" "), LongestQuestion);
        context.WriteShown(line);
        if (line != whole)
            context.WriteShown($"all of it: relay questions {question}");
    }

    private static IEnumerable<(string, string?)> Facts(StatusReport status, bool running) =>
    [
        ("state", State(status, running)),
        ("unhealthy", status.Unhealthy.Count == 0 ? null : string.Join("; ", status.Unhealthy)),
        ("questions", status.Questions.Count == 0 ? "none open" : $"{status.Questions.Count} open"),
        ("decided", Decided(status.Decided)),
        ("queue", Queue(status)),
        ("paused", status.Paused.Count == 0 ? null : string.Join("; ", status.Paused.Select(Paused))),
        ("rejected", Rejected(status)),
        ("ignored", status.EnvelopesIgnored == 0 ? null : $"{Printing.Count(status.EnvelopesIgnored)} in queue that are no regular files"),
        ("cost", Cost(status)),
        ("budget", Budget(status.Today)),
        ("tokens", $"{Printing.Count(status.TotalInputTokens)} in, {Printing.Count(status.TotalOutputTokens)} out"),
        ("history", $"{Printing.Many(status.HistoryTurns, "turn")}, {Printing.Many(status.HistoryChars, "character")}"),
        ("warning", status.Warnings.Count == 0 ? null : string.Join("; ", status.Warnings)),
        ("dispatch", status.LastDispatchAt is { } at ? $"last to {status.LastDispatchSession}, {Printing.Age(Now() - at)} ago" : null),
        ("pages", Pages(status)),
        ("model", status.Model),
        ("since", status.StartedAt is { } since ? Printing.Time(since) : null),
        ("version", status.Version),
    ];

    private static string? Budget(CapStatus? today) => today is { SaidAt: { } at }
        ? $"{today.Line} ({today.SaidVia}, {Printing.Time(at)}, until {Printing.Time(today.Until)})"
        : today?.Line;

    private static string Paused(PausedStatus paused) =>
        $"{paused.Conversation} since {Printing.Time(paused.Since)} ({paused.Via}), {Printing.Many(paused.Waiting, "message")} waiting: "
        + $"relay resume {paused.Conversation}";

    private static string State(StatusReport status, bool running)
    {
        var state = running || status.State == "stopped" ? status.State : "stopped, " + status.State;
        return status.StateReason is null ? state : $"{state}: {status.StateReason}";
    }

    /// <summary>Null where nothing was decided yet.</summary>
    private static string? Decided(DecidedStatus? decided)
    {
        if (decided is not { SettledShare: { } settled })
            return null;
        var blocked = decided.MinutesBlocked is { } minutes
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{minutes:0.#} minutes blocked per question ({decided.LongestMinutesBlocked:0.#} at most), ")
            : "";
        var overturned = decided.OverturnedShare is { } share
            ? string.Create(CultureInfo.InvariantCulture, $", {100 * share:0.#} % of that overturned")
            : "";
        return string.Create(CultureInfo.InvariantCulture, $"{blocked}{100 * settled:0.#} % settled by precedent{overturned}");
    }

    private static string Queue(StatusReport status)
    {
        if (status.QueueDepth == 0)
            return "empty";
        var oldest = Printing.Age(TimeSpan.FromSeconds(status.OldestWaitingSeconds));
        var depth = $"{Printing.Count(status.QueueDepth)} unanswered, the oldest for {oldest}";
        return status.DeferredUntil is { } until ? $"{depth}; next try at {Printing.Time(until)}" : depth;
    }

    private static string? Rejected(StatusReport status)
    {
        if (status.EnvelopesRejected == 0)
            return null;
        var removed = status.EnvelopesRemoved == 0 ? "" : $"; {Printing.Count(status.EnvelopesRemoved)} older ones were removed";
        return $"{Printing.Many(status.EnvelopesRejected, "envelope")}, kept with the reasons in queue/.rejected{removed}";
    }

    private static string Cost(StatusReport status)
    {
        var sum = Printing.Cost(status.TotalCostUsd, status.CallsOfUnknownCost);
        return status.CallsOfUnknownCost == 0 ? sum : $"{sum}; the cost of {Printing.Calls(status.CallsOfUnknownCost)} is unknown";
    }

    private static string? Pages(StatusReport status)
    {
        if (status.PagesUnsent == 0)
            return null;
        return status.PageError is null ? $"{status.PagesUnsent} unsent" : $"{status.PagesUnsent} unsent: {status.PageError}";
    }

    private static StatusReport Parse(JsonObject json)
    {
        try
        {
            return json.Deserialize<StatusReport>(Json.Options)!;
        }
        catch (JsonException)
        {
            throw new CommandFailure(
                ExitCode.Failed, "the daemon has another version than this program; relay status --json shows what it says");
        }
    }

    private static DateTimeOffset Now() => TimeProvider.System.GetUtcNow();
}
