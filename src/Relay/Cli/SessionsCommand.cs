using System.CommandLine;
using Relay.Configuration;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>relay sessions: lists the sessions, and how much each still waits for.</summary>
internal static class SessionsCommand
{
    public static readonly IReadOnlyList<Column> Columns =
    [
        new("session"),
        new("conversation") { Rank = 2, Meaning = "sessions of one conversation share the advisor's memory" },
        new("last seen") { Rank = 1, Meaning = "when it last said or fetched something" },
        new("unanswered") { IsNumber = true, Meaning = "its messages without a reply" },
        new("undelivered") { IsNumber = true, Meaning = "replies it is not known to have" },
    ];

    public static Command Create(CommandContext context)
    {
        var json = CommonOptions.Json();
        var command = new Command("sessions", "list the sessions and what waits for them") { json };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context, context.Settings(parse), parse.GetValue(json), cancellationToken));
        return command;
    }

    public static IReadOnlyList<string> Row(SessionStatus session) =>
    [
        session.SessionId,
        session.Conversation,
        session.LastSeenAt is { } seen ? Printing.Time(seen) : "never",
        Printing.Count(session.Unanswered),
        Printing.Count(session.Undelivered),
    ];

    private static async Task<int> RunAsync(
        CommandContext context, SettingsSource settings, bool json, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var status = await reader.StatusAsync(cancellationToken);
        var sessions = status.Sessions;
        if (json)
            context.WriteJson(sessions);
        else if (sessions.Count == 0)
            context.Output.WriteLine("there is nothing yet: no session has spoken");
        else
            context.WriteTable(Columns, sessions.Select(Row).ToList());
        if (!json && status.SessionsNotListed > 0)
            context.Output.WriteLine($"and {Printing.Count(status.SessionsNotListed)} more, heard of within a week");
        return ExitCode.Done;
    }
}
