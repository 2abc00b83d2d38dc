using System.CommandLine;
using Relay.Agents.Connect;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>relay token, tokens and env: the credentials of sessions. They need no daemon; a running one follows them at once.</summary>
internal static class ConnectionCommands
{
    /// <summary>Where a session finds its token. Another name than the operator's, which it can so never become by inheritance.</summary>
    public const string Variable = "RELAY_SESSION_TOKEN";

    public static readonly IReadOnlyList<Column> Columns =
    [
        new("name") { Meaning = "its sessions are called so, or as NAME-2" },
        new("made") { Rank = 2, Meaning = "when its token was made" },
        new("last used") { Rank = 1, Meaning = "to the minute" },
        new("from") { Rank = 3, Meaning = "the address it was used from last" },
        new("state") { Meaning = "valid or revoked" },
    ];

    public static Command Token(CommandContext context)
    {
        var name = Name();
        var json = CommonOptions.Json();
        var command = new Command("token", "print the token of a connection; a name that has none gets one") { name, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var (entry, token) = await OpenAsync(context, parse, parse.GetValue(name)!, cancellationToken);
            if (parse.GetValue(json))
                context.WriteJson(new { entry.Name, Token = token, entry.MadeAt });
            else
                context.Output.WriteLine(token);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Env(CommandContext context)
    {
        var name = Name();
        var command = new Command("env", "print the line that gives a terminal a connection's token, for eval") { name };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var (_, token) = await OpenAsync(context, parse, parse.GetValue(name)!, cancellationToken);
            context.Output.WriteLine($"export {Variable}={ShellWord.Quote(token)}");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Tokens(CommandContext context)
    {
        var json = CommonOptions.Json();
        var revoke = new Option<string?>("--revoke")
        {
            Description = "refuse this connection's token from now on; relay token NAME makes another",
            HelpName = "NAME",
            Validators = { CommonOptions.RefuseEmpty },
        };
        var command = new Command("tokens", "list the connections and when each was used; revoke one") { revoke, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var home = context.Settings(parse).Current.Home;
            var book = new ConnectionBook(home, TimeProvider.System);
            if (parse.GetValue(revoke) is not { } revoked)
                return List(context, book.List(), ConnectionUses.Read(home), parse.GetValue(json));
            var entry = await book.RevokeAsync(revoked, cancellationToken)
                ?? throw new CommandFailure(ExitCode.Failed, $"there is no connection {revoked}; relay tokens lists them");
            if (parse.GetValue(json))
                context.WriteJson(Shown(entry, ConnectionUses.Read(home)));
            else
                context.Output.WriteLine($"{entry.Name}: its token is refused from now on; relay token {entry.Name} makes another");
            return ExitCode.Done;
        });
        return command;
    }

    /// <exception cref="CommandFailure">The name is the operator's own.</exception>
    public static Task<(ConnectionEntry Entry, string Token)> OpenAsync(
        CommandContext context, ParseResult parse, string name, CancellationToken cancellationToken)
    {
        var settings = context.Settings(parse).Current;
        if (ReservedNames.IsOperators(name, settings.Config.Operator.Name))
            throw new CommandFailure(ExitCode.Usage, $"{name} is the operator's own name, which no session may have");
        return new ConnectionBook(settings.Home, TimeProvider.System).OpenAsync(name, folder: null, cancellationToken);
    }

    private static Argument<string> Name()
    {
        var name = new Argument<string>("NAME") { Description = "the connection, and the name of its session" };
        name.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !ConnectionEntry.IsName(result.Tokens[0].Value))
                result.AddError($"NAME: {ConnectionEntry.AllowedNames} are allowed");
        });
        return name;
    }

    private static int List(
        CommandContext context, IReadOnlyList<ConnectionEntry> entries, Dictionary<string, ConnectionUse> uses, bool json)
    {
        var ordered = entries.OrderBy(entry => entry.Name, StringComparer.Ordinal).ToList();
        if (json)
            context.WriteJson(ordered.Select(entry => Shown(entry, uses)));
        else if (ordered.Count == 0)
            context.Output.WriteLine("there is no connection yet: relay connect claude-code or relay token NAME makes one");
        else
            context.WriteTable(Columns, ordered.ConvertAll(entry => Row(entry, uses.GetValueOrDefault(entry.Name))));
        return ExitCode.Done;
    }

    private static IReadOnlyList<string> Row(ConnectionEntry entry, ConnectionUse? use) =>
    [
        entry.Name,
        Printing.Time(entry.MadeAt),
        use is null ? "never" : Printing.Time(use.At),
        use?.From ?? "",
        entry.RevokedAt is { } at ? $"revoked {Printing.Time(at)}" : "valid",
    ];

    private static object Shown(ConnectionEntry entry, Dictionary<string, ConnectionUse> uses)
    {
        var use = uses.GetValueOrDefault(entry.Name);
        return new
        {
            entry.Name,
            entry.MadeAt,
            LastUsedAt = use?.At,
            LastUsedFrom = use?.From,
            entry.RevokedAt,
            entry.Generation,
            entry.Folder,
        };
    }
}
