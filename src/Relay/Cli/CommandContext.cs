using System.Collections;
using System.CommandLine;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>What every command is given: the environment, the streams, and the home that --home names.</summary>
internal sealed class CommandContext(IReadOnlyDictionary<string, string> environment, TextWriter output, TextWriter error)
{
    public IReadOnlyDictionary<string, string> Environment { get; } = environment;

    public TextWriter Output { get; } = output;

    public TextWriter Error { get; } = error;

    public Option<string?> HomeOption { get; } = new("--home")
    {
        Description = "the home folder; else RELAY_HOME, else this folder if it holds config.yaml, else ~/.relay",
        HelpName = "DIR",
        Recursive = true,
    };

    public static CommandContext OfProcess() => new(
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? ""),
        Console.Out,
        Console.Error);

    public RelayHome Home(ParseResult parse) => RelayHome.Resolve(
        parse.GetValue(HomeOption),
        Environment,
        Directory.GetCurrentDirectory(),
        System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile));

    /// <summary>Says every fault of the configuration, a line each.</summary>
    public int Faulty(IReadOnlyList<ConfigFault> faults)
    {
        foreach (var fault in faults)
            Error.WriteLine(fault);
        return ExitCode.Configuration;
    }
}
