using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Cli;

/// <summary>Options and arguments that several commands share.</summary>
internal static partial class CommonOptions
{
    public static Option<bool> Json() => new("--json") { Description = "JSON on standard output, and nothing else" };

    public static Option<SessionId?> Session() => new("--session", "-s")
    {
        Description = "who speaks; else RELAY_SESSION",
        HelpName = "NAME",
        CustomParser = result => Value(result, SessionId.TryParse, $"--session: {SessionId.Allowed} are allowed"),
    };

    /// <exception cref="CommandFailure">It is named nowhere, or its name cannot be one.</exception>
    public static SessionId SessionOf(CommandContext context, ParseResult parse, Option<SessionId?> session)
    {
        if (parse.GetValue(session) is { } named)
            return named;
        var name = context.Environment.GetValueOrDefault("RELAY_SESSION") ?? "";
        return SessionId.TryParse(name) ?? throw new CommandFailure(ExitCode.Usage, name.Length == 0
            ? "who speaks? --session NAME, or RELAY_SESSION in the environment"
            : $"RELAY_SESSION: {SessionId.Allowed} are allowed");
    }

    /// <summary>Several words are one text, as if they had been quoted.</summary>
    public static Argument<string[]> Text(string description)
    {
        var text = new Argument<string[]>("TEXT") { Description = description, Arity = ArgumentArity.ZeroOrMore };
        text.Validators.Add(RefuseMistypedOptions);
        return text;
    }

    /// <summary>The parser takes a mistyped option such as --jsno for text, and it would be sent.</summary>
    public static void RefuseMistypedOptions(ArgumentResult result)
    {
        if (result.Tokens.FirstOrDefault(token => MistypedOption().IsMatch(token.Value)) is { } typed)
            result.AddError($"there is no option '{typed.Value}'; if it is the text, send it by standard input");
    }

    /// <summary>As a script writes it whose variable is not set: nothing is named, and nothing else is meant.</summary>
    public static void RefuseEmpty(OptionResult given)
    {
        if (given.Tokens is [var named] && string.IsNullOrWhiteSpace(named.Value))
            given.AddError($"{given.Option.Name} is empty");
    }

    public static Argument<string> Message() => new("MESSAGE")
    {
        Description = "a message's id, the beginning or end of the id if no other has it, or the id of its envelope",
        CustomParser = result => Trimmed(result, "MESSAGE"),
    };

    public static Option<TimeSpan> Timeout() => new("--timeout")
    {
        Description = "how long to wait, such as 90s, 10m or 1h30m",
        HelpName = "10m",
        DefaultValueFactory = _ => TimeSpan.FromMinutes(10),
        CustomParser = result => Value(result, Duration.Parse, "--timeout: a duration such as 90s, 10m or 1h30m is expected") ?? default,
    };

    public static Option<string?> Id() => new("--id")
    {
        Description = "sent again with the same key, it is the same message",
        HelpName = "KEY",
        CustomParser = result => Trimmed(result, "--id"),
    };

    public static T? Value<T>(ArgumentResult result, Func<string, T?> parse, string fault)
        where T : struct
    {
        if (parse(result.Tokens[0].Value) is { } value)
            return value;
        result.AddError(fault);
        return null;
    }

    private static string Trimmed(ArgumentResult result, string name)
    {
        var text = result.Tokens[0].Value.Trim();
        if (text.Length == 0)
            result.AddError($"{name} is empty");
        return text;
    }

    [GeneratedRegex(@"\A--[a-z]+(-[a-z]+)*(=.*)?\z")]
    private static partial Regex MistypedOption();
}
