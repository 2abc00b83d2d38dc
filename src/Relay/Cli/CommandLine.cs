using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Data.Common;
using Relay.Configuration;
using Relay.Files.Platform;
using Relay.Storage;

namespace Relay.Cli;

/// <summary>Parses the command line and runs the command. Each command is in a file of its own.</summary>
internal static class CommandLine
{
    private const int BrokenPipe = 32; // EPIPE

    /// <param name="arguments">Without the program's name.</param>
    /// <param name="context">For all commands.</param>
    /// <param name="fault">What is wrong with how the arguments were given.</param>
    public static async Task<int> RunAsync(string[] arguments, CommandContext context, string? fault = null)
    {
        if (fault is not null)
            return await TellAsync(new CommandFailure(ExitCode.Usage, "relay: " + fault), context);
        if (arguments is ["help", ..]) // As people try it.
            arguments = [.. arguments[1..], "--help"];
        if (Completing.IsMeant(arguments))
            return await new Completing(context, Root(context, [])).RunAsync(arguments);
        (arguments, var clients) = ClaudeCommand.Split(arguments);
        var root = Root(context, clients);
        root.Options.OfType<HelpOption>().Single().Action = new Help(context);
        root.Options.OfType<VersionOption>().Single().Action = new Version(context);
        // No response files: "@session: text" is text of the operator, not the name of a file.
        var parse = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var invocation = new InvocationConfiguration
        {
            Output = context.Output,
            Error = context.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // Long-running commands handle signals themselves.
        };
        try
        {
            if (arguments.Length == 0)
                await root.Parse("--help").InvokeAsync(invocation);
            return parse.Action is ParseErrorAction ? ReportUsage(parse, arguments, context) : await parse.InvokeAsync(invocation);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return await TellAsync(exception, context);
        }
    }

    /// <summary>Where nobody reads it, the exit code still says it.</summary>
    private static async Task<int> TellAsync(Exception exception, CommandContext context)
    {
        var (exit, words) = Told(exception);
        try
        {
            if (words is not null)
                await context.Error.WriteLineAsync(words);
        }
        catch (IOException)
        {
        }
        return exit;
    }

    private static (int Exit, string? Words) Told(Exception exception) => exception switch
    {
        CommandFailure failure => (failure.ExitCode, failure.Message),
        // The reader has closed the pipe, as head does, and needs no message.
        IOException { HResult: BrokenPipe } => (ExitCode.Failed, null),
        // The home is not this user's to read, or something else is where one of its folders belongs.
        IOException { HResult: Errno.NoAccess or Errno.NoFolder } or UnauthorizedAccessException => (
            ExitCode.Configuration, $"relay: {exception.Message}"),
        IOException or InvalidDataException or DbException => (
            exception is DatabaseFaultException { IsOfConfiguration: true } ? ExitCode.Configuration : ExitCode.Failed,
            $"relay: {exception.Message}"),
        // Told here: the runtime would write it as it is, with whatever of others' words is in it.
        _ => (ExitCode.Failed, $"relay: a fault of the program: {exception}"),
    };

    private static RootCommand Root(CommandContext context, IReadOnlyList<string> clients) => new(
        "One long-lived advisor for several Claude Code sessions, and one human who is asked only when necessary.")
    {
        context.HomeOption,
        RunCommand.Create(context),
        DemoCommand.Create(context),
        ConnectCommand.Create(context),
        DisconnectCommand.Create(context),
        ClaudeCommand.Create(context, clients),
        McpCommand.Create(context),
        ConnectionCommands.Token(context),
        ConnectionCommands.Tokens(context),
        ConnectionCommands.Env(context),
        ChannelCommand.Create(context),
        InitCommand.Create(context),
        StatusCommand.Create(context),
        TopicCommand.Create(context),
        SendCommand.Create(context),
        AskCommand.Create(context),
        AnswerCommand.Create(context),
        SayCommand.Create(context),
        WatchCommand.Create(context),
        DashboardCommand.Create(context),
        QuestionsCommand.Create(context),
        RulingsCommand.Create(context),
        PauseCommand.Pause(context),
        PauseCommand.Resume(context),
        SessionsCommand.Create(context),
        MessagesCommand.Create(context),
        RetryCommand.Create(context),
        DropCommand.Create(context),
        LogCommand.Create(context),
        SearchCommand.Create(context),
        ExplainCommand.Create(context),
        CostsCommand.Create(context),
        BudgetCommand.Create(context),
        DoctorCommand.Create(context),
        CompletionCommand.Create(context),
        HookCommand.Create(),
    };

    /// <summary>The faults go to standard error. Standard output is kept for results, which may be JSON.</summary>
    private static int ReportUsage(ParseResult parse, string[] arguments, CommandContext context)
    {
        if (arguments.Length == 0)
            return ExitCode.Usage; // The help has been printed.
        foreach (var fault in Faults(parse))
            context.Error.WriteLine(fault);
        var path = parse.CommandResult.Command.Parents.OfType<Command>().Reverse().Append(parse.CommandResult.Command)
            .Where(command => command is not RootCommand);
        context.Error.WriteLine($"see: relay {string.Concat(path.Select(command => command.Name + " "))}--help");
        return ExitCode.Usage;
    }

    /// <summary>Prints the version without the commit it was built from.</summary>
    private sealed class Version(CommandContext context) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            context.Output.WriteLine(ProgramVersion.Text);
            return ExitCode.Done;
        }
    }

    /// <summary>The parser's own words for an argument that is missing name it in a way nobody speaks.</summary>
    private static string InWords(ParseError fault) => fault.SymbolResult switch
    {
        ArgumentResult { Tokens.Count: 0, Argument: { Name: "MESSAGE", Arity.MinimumNumberOfValues: > 0 } } =>
            "which message? MESSAGE is its id, or the beginning of it; relay messages lists them",
        ArgumentResult { Tokens.Count: 0, Argument: { Arity.MinimumNumberOfValues: > 0 } argument } =>
            $"{argument.Name} is missing{(argument.Description is null ? "" : $": {argument.Description}")}",
        _ => fault.Message,
    };

    private static IEnumerable<string> Faults(ParseResult parse)
    {
        if (parse.CommandResult.Command is not RootCommand root || parse.UnmatchedTokens is not [var typed, ..])
            return parse.Errors.Select(fault => InWords(fault));
        var nearest = NearestName.Of(typed, [.. root.Subcommands.Where(command => !command.Hidden).Select(command => command.Name)]);
        return [$"there is no command '{typed}'{(nearest is null ? "" : $"; did you mean '{nearest}'?")}"];
    }
}
