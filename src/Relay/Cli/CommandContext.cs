using System.Collections;
using System.CommandLine;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>What every command gets: the environment, the streams, and the home that --home names.</summary>
internal sealed class CommandContext(IReadOnlyDictionary<string, string> environment, TextWriter output, TextWriter error)
{
    public IReadOnlyDictionary<string, string> Environment { get; } = environment;

    /// <summary>Nothing that is written to it, or to <see cref="Error"/>, can do more than be read.</summary>
    public TextWriter Output { get; } = new VisibleWriter(output);

    public TextWriter Error { get; } = new VisibleWriter(error);

    /// <summary>For content that goes to another program whole, and for our own colours.</summary>
    public TextWriter RawOutput { get; } = output;

    public TextWriter RawError { get; } = error;

    public Stream Input { get; init; } = Stream.Null;

    /// <summary>Whether the input is a file or a pipe and not a keyboard.</summary>
    public bool IsInputRedirected { get; init; } = true;

    /// <summary>Whether somebody may look at the output, with colours or without.</summary>
    public bool IsOutputTerminal { get => field || IsOutputRich; init; }

    /// <summary>Whether the output may have colours and frames: it goes to a terminal, and NO_COLOR is not set.</summary>
    public bool IsOutputRich { get; init; }

    public bool IsErrorRich { get; init; }

    /// <summary>How many columns the output has; null without a terminal, unless COLUMNS says so.</summary>
    public int? Width { get; init; }

    public Option<string?> HomeOption { get; } = new("--home")
    {
        Description = "the home folder; else RELAY_HOME, else this folder if you made it one, else ~/.relay",
        HelpName = "DIR",
        Recursive = true,
        Validators = { CommonOptions.RefuseEmpty },
    };

    /// <summary>Where the command was started.</summary>
    public string CurrentFolder { get; init; } = Directory.GetCurrentDirectory();

    public static CommandContext OfProcess()
    {
        var environment = System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
        var rich = string.IsNullOrEmpty(environment.GetValueOrDefault("NO_COLOR")) && environment.GetValueOrDefault("TERM") != "dumb";
        return new CommandContext(environment, Writer(StandardStream.Output), Writer(StandardStream.Error))
        {
            IsOutputTerminal = !Console.IsOutputRedirected,
            Input = StandardInput(),
            IsInputRedirected = Console.IsInputRedirected,
            IsOutputRich = rich && !Console.IsOutputRedirected,
            IsErrorRich = rich && !Console.IsErrorRedirected,
            Width = WidthOf(environment),
        };
    }

    /// <summary>The home that is meant, whether it is there or not.</summary>
    /// <exception cref="CommandFailure">It is no folder, not one that this user has made a home, or not safe to use.</exception>
    public RelayHome Home(ParseResult parse) => new HomeChoice(this).Checked(parse.GetValue(HomeOption));

    /// <summary>The settings of a home that is there; those of its relay while that is running, whatever the files say at the moment. No
    /// topic or token is generated.</summary>
    /// <exception cref="CommandFailure">There is no home; or no relay runs, and the configuration is faulty, with a line for each
    /// fault.</exception>
    public SettingsSource Settings(ParseResult parse)
    {
        var home = ExistingHome(parse);
        if (InstanceLock.RunningProcess(home.LockFile) is not null)
            return SettingsSource.InForce(home, Environment);
        return SettingsSource.Load(home, Environment, generate: false) switch
        {
            Loaded.Ok ok => ok.Source,
            Loaded.Faulty faulty => throw new CommandFailure(ExitCode.Configuration, string.Join('\n', faulty.Faults)),
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>What is wrong with the files, for the command that shows it while a relay runs on what they said before.</summary>
    public void WriteFaults(RelayHome home)
    {
        if (SettingsSource.Load(home, Environment, generate: false) is Loaded.Faulty faulty)
            foreach (var fault in faulty.Faults)
                Error.WriteLine($"{fault}; the running relay keeps the settings it has");
    }

    /// <summary>A folder without any of our files is no home: what a command would say of it, or put into it, would be lost.</summary>
    private RelayHome ExistingHome(ParseResult parse)
    {
        var home = Home(parse);
        return Path.Exists(home.ConfigFile) || File.Exists(home.EnvFile) || Directory.Exists(home.State)
            ? home
            : throw new CommandFailure(
                ExitCode.Failed, $"no home: relay init --home {home.Root} makes one there, relay init one of the current folder");
    }

    /// <summary>Prints the faults of the configuration, one line each.</summary>
    public int ReportFaults(IReadOnlyList<ConfigFault> faults)
    {
        foreach (var fault in faults)
            Error.WriteLine(fault);
        return ExitCode.Configuration;
    }

    private static int? WidthOf(Dictionary<string, string> environment)
    {
        var told = environment.GetValueOrDefault("COLUMNS");
        if (int.TryParse(told, NumberStyles.None, CultureInfo.InvariantCulture, out var columns) && columns > 0)
            return columns;
        return Console.IsOutputRedirected ? null : TerminalSize.Columns();
    }

    /// <summary>The runtime's console would send a terminal sequences of its own when the keyboard is read.</summary>
    private static Stream StandardInput() => Console.IsInputRedirected
        ? Console.OpenStandardInput()
        : new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);

    private static StreamWriter Writer(int stream) => new(new StandardStream(stream)) { AutoFlush = true };
}

/// <summary>Ends a command with a message for its user and an exit code for scripts.</summary>
internal sealed class CommandFailure(int exitCode, string reason) : Exception(reason)
{
    public int ExitCode { get; } = exitCode;
}
