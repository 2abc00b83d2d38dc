using System.CommandLine;
using Relay.Files;
using Relay.Operator.Rulings;

namespace Relay.Cli;

/// <summary>The parts of an answer to what a session's client asks, each by itself.</summary>
internal sealed class AnswerOptions
{
    public Option<string?> Edited { get; } = new("--edited")
    {
        Description = "approve a plan with the text of this file in its place, or of standard input with -",
        HelpName = "FILE",
        Validators = { CommonOptions.RefuseEmpty },
    };

    public Option<string[]> Choose { get; } = new("--choose")
    {
        Description = "of a multiple-choice question: a number, a name, or QUESTION: NUMBER; once for each question",
        HelpName = "CHOICE",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public Option<string?> Note { get; } = new("--note") { Description = "words beside the last choice", HelpName = "TEXT" };

    public Option<string?> Scope { get; } = new("--scope")
    {
        Description = "for what the answer holds: once, conversation (unless said) or always",
        HelpName = "SCOPE",
    };

    /// <summary>The answer that they are; null where there are none.</summary>
    public async Task<AnswerCommand.OperatorText?> PartsAsync(
        CommandContext context, ParseResult parse, string[] words, int limit, CancellationToken cancellationToken)
    {
        var (edited, choices, note) = (parse.GetValue(Edited), parse.GetValue(Choose) ?? [], parse.GetValue(Note));
        if (edited is null && choices.Length == 0 && note is null)
            return null;
        if (choices.Length == 0 && note is not null)
            throw new CommandFailure(ExitCode.Usage, "--note stands beside --choose");
        if (words is not [var given] || AnswerCommand.Number(given) is not { } question || (edited is not null && choices.Length > 0))
            throw new CommandFailure(
                ExitCode.Usage, "with --edited or --choose an answer is the question's number and nothing else beside them");
        if (edited is not null)
            return new(question, "") { Edited = await TextAsync(context, edited, limit, cancellationToken) };
        var lines = choices.Select(choice => choice.ReplaceLineEndings(" "));
        return new(question, string.Join('\n', note is null ? lines : [.. lines, $"note: {note.ReplaceLineEndings(" ")}"]))
        {
            Choose = true,
        };
    }

    public string? ScopeOf(ParseResult parse) => parse.GetValue(Scope) is { } word && ScopeWords.Parse(word) is null
        ? throw new CommandFailure(ExitCode.Usage, $"\"{word}\" is no scope: {ScopeWords.Allowed}")
        : parse.GetValue(Scope);

    private static async Task<string> TextAsync(CommandContext context, string file, int limit, CancellationToken cancellationToken)
    {
        if (file == "-")
            return await TextInput.FromInputAsync(context, limit, cancellationToken);
        return BoundedFile.ReadOwn(Path.GetFullPath(file), limit) switch
        {
            FileContent.Bytes bytes => TextInput.Decode(bytes.Content)
                ?? throw new CommandFailure(ExitCode.Failed, $"{file} is not valid UTF-8"),
            FileContent.Unreadable unreadable => throw new CommandFailure(ExitCode.Failed, $"{file} {unreadable.Reason}"),
            _ => throw new CommandFailure(ExitCode.Failed, $"there is no file {file}"),
        };
    }
}
