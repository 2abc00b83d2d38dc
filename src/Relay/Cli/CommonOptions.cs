using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Relay.Conversations;

namespace Relay.Cli;

/// <summary>Options and arguments that several commands have.</summary>
internal static partial class Parts
{
    public static Option<bool> Json() => new("--json") { Description = "JSON on standard output, and nothing else" };

    public static Option<SessionId> Session() => new("--session", "-s")
    {
        Description = $"who speaks: {SessionId.Allowed}",
        HelpName = "S",
        Required = true,
        CustomParser = result => Value(result, SessionId.TryParse, $"--session: {SessionId.Allowed} are allowed"),
    };

    public static Argument<string?> Text(string description)
    {
        var text = new Argument<string?>("TEXT") { Description = description, Arity = ArgumentArity.ZeroOrOne };
        text.Validators.Add(RefuseMistypedOptions);
        return text;
    }

    /// <summary>A word such as --jsno is taken for text by the parser, and would be sent.</summary>
    public static void RefuseMistypedOptions(ArgumentResult result)
    {
        if (result.Tokens.FirstOrDefault(token => MistypedOption().IsMatch(token.Value)) is { } typed)
            result.AddError($"there is no option '{typed.Value}'; where it is the text, give it on standard input");
    }

    public static Argument<string> Message() => new("MESSAGE")
    {
        Description = "a message's id, a beginning or end of it that no other has, or the id its envelope had",
        CustomParser = result => Trimmed(result, "MESSAGE"),
    };

    public static Option<string?> Id() => new("--id")
    {
        Description = "key under which a repetition is the same message",
        HelpName = "KEY",
        CustomParser = result => Trimmed(result, "--id"),
    };

    public static T Value<T>(ArgumentResult result, Func<string, T?> parse, string fault)
        where T : struct
    {
        if (parse(result.Tokens[0].Value) is { } value)
            return value;
        result.AddError(fault);
        return default;
    }

    [GeneratedRegex(@"\A--[a-z]+(-[a-z]+)*(=.*)?\z")]
    private static partial Regex MistypedOption();

    public static string Trimmed(ArgumentResult result, string name)
    {
        var text = result.Tokens[0].Value.Trim();
        if (text.Length == 0)
            result.AddError($"{name} is empty");
        return text;
    }
}
