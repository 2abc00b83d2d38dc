using Relay.Agents.Connect;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>The relay that sessions are connected to: that of a home, or one of another user, of which only an address and a token are
/// known.</summary>
internal sealed record RelaySide
{
    public required string Url { get; init; }

    /// <summary>Null for another user's.</summary>
    public RelayHome? Home { get; init; }

    public required RelayConfig Config { get; init; }

    /// <summary>Where files are kept that belong to no project.</summary>
    public required string Own { get; init; }

    /// <summary>That was given; null where the home makes one.</summary>
    public string? Token { get; init; }

    public string Root => Home?.Root ?? "";

    public HookScript Script(string program) => new(Root, Url, program);

    /// <exception cref="CommandFailure">The configuration is faulty, or tells no address.</exception>
    public static RelaySide OfHome(CommandContext context, RelayHome home, bool isOnlyShown)
    {
        var generate = !isOnlyShown && RunningEndpoint.Of(home) is null;
        if (generate)
            home.CreateFolders();
        var loaded = SettingsSource.Load(home, context.Environment, generate);
        if (loaded is Loaded.Faulty faulty)
            throw new CommandFailure(ExitCode.Configuration, string.Join('\n', faulty.Faults));
        var config = ((Loaded.Ok)loaded).Source.Current.Config;
        var url = RelayAddress.Of(home, config) ?? throw new CommandFailure(
            ExitCode.NotRunning,
            "the relay does not run, and its config.yaml says port 0, so there is no address to connect to: "
            + "start it, or choose a port with listen");
        return new RelaySide { Url = url, Home = home, Config = config, Own = home.Root };
    }

    /// <summary>The token comes by --token, RELAY_SESSION_TOKEN or standard input: the last two show it to nobody who lists
    /// processes.</summary>
    /// <exception cref="CommandFailure">There is no token.</exception>
    public static async Task<RelaySide> OfOthersAsync(
        CommandContext context, string address, string? given, CancellationToken cancellationToken)
    {
        var token = given is { Length: > 0 } and not "-" ? given : context.Environment.GetValueOrDefault(ConnectionCommands.Variable) ?? "";
        if ((token.Length == 0 || given == "-") && context.IsInputRedirected)
            token = await new StreamReader(context.Input).ReadLineAsync(cancellationToken) ?? "";
        if (ConnectionToken.ClaimedName(token.Trim()) is null)
            throw new CommandFailure(
                ExitCode.Usage,
                "--address needs the token that relay token NAME printed to the one whose relay it is: by --token, "
                + "RELAY_SESSION_TOKEN or standard input");
        return new RelaySide
        {
            Url = address.TrimEnd('/'),
            Config = new RelayConfig(),
            Own = new HomeChoice(context).UserConfiguration,
            Token = token.Trim(),
        };
    }
}
