using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Text;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay complete SHELL …: what can follow the words that are typed, a line each, with a tab and what it means for the shells that
/// show that. Commands and options are those of the parser; names are of the home. Whatever is wrong, it says nothing.</summary>
internal sealed class Completing(CommandContext context, RootCommand root)
{
    private const int LongestMeaning = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>What may follow.</summary>
    /// <param name="Meaning">For shells that show it.</param>
    internal sealed record Choice(string Value, string Meaning = "");

    public static bool IsMeant(string[] arguments) => arguments is ["complete", ..];

    /// <param name="arguments">The shell, then the words after the program's name, the one that is typed last; for bash the line up to the
    /// cursor, and the signs at which it begins a new word.</param>
    public async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not ["complete", var shell, ..] || !CompletionCommand.Shells.Contains(shell))
            return ExitCode.Usage;
        var words = shell == "bash" ? Split(arguments.ElementAtOrDefault(2) ?? "") : arguments[2..];
        var typed = words.LastOrDefault() ?? "";
        var choices = await FindAsync([.. words.SkipLast(1)], typed);
        var breaks = shell == "bash" ? (arguments.ElementAtOrDefault(3) ?? "").Where(sign => sign is '=' or ':').ToArray() : [];
        var before = typed.LastIndexOfAny(breaks) + 1; // It puts in what follows these alone.
        foreach (var choice in choices.DistinctBy(choice => choice.Value))
            if (choice.Value.StartsWith(':'))
                context.Output.WriteLine(choice.Value);
            else if (choice.Value.StartsWith(typed, StringComparison.Ordinal) && !choice.Value.EnumerateRunes().Any(Visible.IsHidden))
                context.Output.WriteLine(Line(shell, choice, before));
        return ExitCode.Done;
    }

    private static string Line(string shell, Choice choice, int before)
    {
        if (shell == "bash")
            return string.Concat(choice.Value[before..].Select(sign =>
                char.IsAsciiLetterOrDigit(sign) || sign > '\u007f' || "_@%+=:,./-".Contains(sign) ? $"{sign}" : $"\\{sign}"));
        var meaning = Excerpt.Of(Visible.OneLine(choice.Meaning.ReplaceLineEndings(" ")), LongestMeaning);
        return meaning.Length == 0 ? choice.Value : $"{choice.Value}\t{meaning}";
    }

    private async Task<IReadOnlyList<Choice>> FindAsync(string[] before, string typed)
    {
        try
        {
            using var late = new CancellationTokenSource(Patience, TimeProvider.System);
            return await OfAsync(before, typed, late.Token);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return []; // A shell that completes shows no faults.
        }
    }

    private async Task<IReadOnlyList<Choice>> OfAsync(string[] before, string typed, CancellationToken cancellationToken)
    {
        if (before is ["claude", ..] || before.Contains("--"))
            return [];
        // Without an option whose value is being typed: some that check each other cannot do without it.
        string[] whole = before is [.., ['-', ..]] ? before[..^1] : before;
        var parse = root.Parse(whole, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var command = parse.CommandResult.Command;
        if (command == root && parse.UnmatchedTokens.Count > 0)
            return []; // There is no such command.
        var names = new CompletionNames(context, parse);
        if (before.LastOrDefault() is { } last && TakesValue(command, last) is { } option)
            return await OfOptionAsync(option, names, cancellationToken);
        if (typed.IndexOf('=') is var equals and > 0 && TakesValue(command, typed[..equals]) is { } named)
            return [.. (await OfOptionAsync(named, names, cancellationToken))
                .Select(choice => choice.Value.StartsWith(':') ? choice : choice with { Value = typed[..(equals + 1)] + choice.Value })];
        if (typed.StartsWith('-'))
            return [.. OptionsOf(command).SelectMany(each => each.Aliases.Append(each.Name)
                .Where(name => name.StartsWith('-') && name != "-?").Select(name => new Choice(name, each.Description ?? "")))];
        var given = Given(parse);
        var commands = given == 0 ? command.Subcommands.Where(each => !each.Hidden) : [];
        var choices = commands.Select(each => new Choice(each.Name, each.Description ?? "")).ToList();
        if (command.Arguments.ElementAtOrDefault(Math.Min(given, command.Arguments.Count - 1)) is { } argument)
            choices.AddRange(await OfArgumentAsync(command, argument, (given, typed), names, cancellationToken));
        return choices;
    }

    /// <summary>How many of the words are the command's arguments.</summary>
    private static int Given(ParseResult parse) => parse.CommandResult.Children.OfType<ArgumentResult>().Sum(each => each.Tokens.Count);

    private static Option? TakesValue(Command command, string word) => OptionsOf(command).FirstOrDefault(
        option => (option.Name == word || option.Aliases.Contains(word)) && option.ValueType != typeof(bool)
            && option.Arity.MaximumNumberOfValues > 0);

    private static IEnumerable<Option> OptionsOf(Command command)
    {
        for (Symbol? each = command; each is not null; each = each.Parents.FirstOrDefault())
            if (each is Command of)
                foreach (var option in of.Options.Where(option => !option.Hidden && (of == command || option.Recursive)))
                    yield return option;
    }

    private static async Task<IReadOnlyList<Choice>> OfOptionAsync(
        Option option, CompletionNames names, CancellationToken cancellationToken)
    {
        var own = option.GetCompletions(CompletionContext.Empty).Select(each => new Choice(each.Label)).ToList();
        return own.Count > 0 ? own : option switch
        {
            { HelpName: "DIR" } => [new Choice(":dirs")],
            { HelpName: "FILE" } => [new Choice(":files")],
            { Name: "--by" } => [new Choice("day"), new Choice("session"), new Choice("model"), new Choice("conversation")],
            { Name: "--mode" } => [new Choice("ask"), new Choice("relay")],
            { Name: "--scope" } => CompletionNames.Scopes,
            { Name: "--session" or "--conversation" or "--revoke" } => await names.OfAsync(option.Name, cancellationToken),
            _ => [],
        };
    }

    private static async Task<IReadOnlyList<Choice>> OfArgumentAsync(
        Command command, Argument argument, (int Given, string Typed) at, CompletionNames names, CancellationToken cancellationToken)
    {
        var own = argument.GetCompletions(CompletionContext.Empty).Select(each => new Choice(each.Label)).ToList();
        return own.Count > 0 ? own : (command.Name, argument.Name) switch
        {
            (_, "SCOPE") => CompletionNames.Scopes,
            ("say" or "answer", _) when at.Given == 0 && at.Typed.StartsWith('@') =>
                [.. (await names.OfAsync("--session", cancellationToken)).Select(each => each with { Value = "@" + each.Value })],
            ("answer", _) when at.Given > 0 => [],
            ("say" or "send" or "ask", _) => [],
            _ => await names.OfAsync(argument.Name, cancellationToken),
        };
    }

    /// <summary>The words of a line as a shell reads them, without the program's name. The last one is what is typed, empty after a
    /// blank.</summary>
    internal static string[] Split(string line)
    {
        var (words, word, quote) = (new List<string>(), new StringBuilder(), '\0');
        for (var at = 0; at < line.Length; at++)
        {
            var sign = line[at];
            if (sign == '\\' && quote != '\'' && at + 1 < line.Length)
                word.Append(line[++at]);
            else if (quote == '\0' ? sign is '\'' or '"' : sign == quote)
                quote = quote == '\0' ? sign : '\0';
            else if (quote == '\0' && char.IsWhiteSpace(sign))
            {
                if (word.Length > 0)
                    words.Add(word.ToString());
                word.Clear();
            }
            else
                word.Append(sign);
        }
        return [.. words.Append(word.ToString()).Skip(1)];
    }
}
