using System.Globalization;
using System.Text.Json.Nodes;
using Relay.Agents.Connect;
using Relay.Configuration;
using Relay.Files;

namespace Relay.Cli;

/// <summary>What is started, and with which environment. A folder is connected by itself, or by the plugin that is installed for all
/// projects, or by the one in the home, which then is named.</summary>
internal sealed class ClaudeLaunch(CommandContext context, RelayHome home)
{
    public sealed record Start(string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment);

    private string Folder => context.CurrentFolder;

    private string HomePlugin => Path.Combine(home.Root, ConnectClaudeCode.PluginFolder);

    /// <exception cref="CommandFailure">There is no client, or the folder is not connected; the message says what connects it.</exception>
    public async Task<Start> FindAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var program = new ClientProgram(context.Environment).Find(Folder)
            ?? throw new CommandFailure(ExitCode.Failed, "there is no program claude in PATH that may be started");
        if (TokenOf(Folder) is { } own)
            return new Start(program, arguments, Environment(own));
        if (File.Exists(ConnectClaudeCode.TokenFile(home.Root)))
            return new Start(program, arguments, Environment(token: null));
        if (Directory.Exists(HomePlugin))
        {
            var (name, token) = await new ConnectionBook(home, TimeProvider.System).OpenOfAsync(
                Folder, known => ConnectionNames.OfProject(Folder, known, OperatorsName()), cancellationToken);
            if (token is null)
                throw new CommandFailure(
                    ExitCode.Failed, $"the token of {name}, the connection of {Folder}, was revoked: relay token {name} makes another");
            return new Start(program, ["--plugin-dir", HomePlugin, .. arguments], Environment(token));
        }
        if (arguments.Contains("--plugin-dir")
            && context.Environment.GetValueOrDefault(ConnectionCommands.Variable) is { Length: > 0 } given)
            return new Start(program, arguments, Environment(given));
        throw new CommandFailure(ExitCode.Failed, NotConnected());
    }

    private string NotConnected()
    {
        for (var above = Path.GetDirectoryName(Folder); above is not null; above = Path.GetDirectoryName(above))
            if (TokenOf(above) is not null)
                return $"{Folder} is not connected, but {above} is: cd {ShellWord.Quote(above)}, or connect this folder as well: "
                    + $"relay connect claude-code --project {ShellWord.Quote(Folder)}";
        return $"{Folder} is not connected: relay connect claude-code --project {ShellWord.Quote(Folder)} connects it, "
            + "relay connect claude-code --user connects all your projects";
    }

    /// <summary>A plugin cannot raise the client's limit, so it is raised here, unless somebody has set it.</summary>
    private Dictionary<string, string> Environment(string? token)
    {
        var environment = new Dictionary<string, string>(context.Environment);
        environment.TryAdd(ClientEntries.BlockCap, (Config().Agents.MaxRounds + 1).ToString(CultureInfo.InvariantCulture));
        if (token is not null)
            environment[ConnectionCommands.Variable] = token;
        foreach (var secret in Secrets.Keys.Where(name => !name.StartsWith("ANTHROPIC_", StringComparison.Ordinal)))
            environment.Remove(secret); // The session is no operator.
        return environment;
    }

    private string OperatorsName() => Config().Operator.Name;

    private RelayConfig Config() => SettingsSource.Load(home, context.Environment, generate: false) is Loaded.Ok ok
        ? ok.Source.Current.Config
        : new RelayConfig();

    /// <summary>That connect has written; null where it has not.</summary>
    private static string? TokenOf(string folder)
    {
        try
        {
            var local = JsonFile.Read(new ForeignFolder(folder), Path.Combine(folder, ".claude", "settings.local.json"));
            var token = (local?.Root["env"] as JsonObject)?[LocalSettings.Variable];
            return token is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ConnectFault)
        {
            return null;
        }
    }
}
