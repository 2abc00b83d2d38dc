using System.CommandLine;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Agents.Connect;
using Relay.Agents.Tools;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files.Platform;
using Relay.Http;

namespace Relay.Cli;

/// <summary>relay mcp: the relay's tools on standard input and output, for agents that start their servers themselves. It speaks to the
/// daemon that runs, and starts none.</summary>
internal static class McpCommand
{
    public static Command Create(CommandContext context)
    {
        var session = new Option<string?>("--session")
        {
            Description = "the session's name; else that of RELAY_SESSION_TOKEN's connection, else this folder's",
            HelpName = "NAME",
        };
        session.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } name && SessionId.TryParse(name) is null)
                result.AddError($"--session: {SessionId.Allowed}");
        });
        var address = new Option<string?>("--address")
        {
            Description = "of a relay that runs as another user; it needs RELAY_SESSION_TOKEN",
            HelpName = "URL",
        };
        var command = new Command("mcp", "the tools over stdio, for Codex, Gemini CLI, Cursor, opencode and others") { session, address };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var name = parse.GetValue(session);
            using var bridge = parse.GetValue(address) is { } url
                ? OfOthers(context, url, name)
                : await OfHomeAsync(context, context.Home(parse), name, cancellationToken);
            using var lines = new McpLines(context.Input, new StandardStream(StandardStream.Output), bridge.WrittenAsync);
            return await ServeAsync(lines, bridge, cancellationToken);
        });
        return command;
    }

    /// <summary>Until standard input is closed and what was asked is answered, or nobody reads standard output any more.</summary>
    private static async Task<int> ServeAsync(McpLines lines, McpBridge bridge, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var transport = new StreamServerTransport(lines.ToServer, lines.FromServer, "relay");
        await using (var server = McpServer.Create(transport, Options(bridge)))
        {
            _ = lines.ReadAsync(ended.Token); // A read of a terminal cannot be ended.
            var running = server.RunAsync(ended.Token);
            await Task.WhenAny(running, lines.Broken);
            await ended.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await bridge.EndAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return lines.Broken.IsCompleted ? ExitCode.Failed : ExitCode.Done;
    }

    private static McpServerOptions Options(McpBridge bridge) => new()
    {
        ServerInfo = new Implementation { Name = "relay", Version = ProgramVersion.Text },
        Handlers = new McpServerHandlers
        {
            ListToolsHandler = (_, _) => ValueTask.FromResult(new ListToolsResult { Tools = ToolList.All }),
            CallToolHandler = bridge.CallAsync,
        },
    };

    private static string? TokenOf(CommandContext context) =>
        context.Environment.GetValueOrDefault(ConnectionCommands.Variable) is { Length: > 0 } token ? token : null;

    private static McpBridge OfOthers(CommandContext context, string address, string? session)
    {
        var token = TokenOf(context)
            ?? throw new CommandFailure(ExitCode.Usage, "--address needs RELAY_SESSION_TOKEN: what relay token NAME prints");
        return Uri.TryCreate(address.TrimEnd('/') + "/mcp", UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? new McpBridge(Outgoing.LocalClient(), url, token, session)
            : throw new CommandFailure(ExitCode.Usage, "--address: http://HOST:PORT or https://HOST:PORT is expected");
    }

    /// <summary>Over the socket in the home. A connection is made where there is none yet; a revoked one gets no other token, and the relay
    /// refuses each call.</summary>
    private static async Task<McpBridge> OfHomeAsync(
        CommandContext context, RelayHome home, string? session, CancellationToken cancellationToken)
    {
        var token = TokenOf(context);
        if (token is null)
        {
            var config = SettingsSource.Load(home, context.Environment, generate: false) is Loaded.Ok ok
                ? ok.Source.Current.Config
                : new RelayConfig();
            token = await MadeAsync(
                context, new ConnectionBook(home, TimeProvider.System), session, config.Operator.Name, cancellationToken) ?? "";
        }
        var http = Outgoing.SocketClient(() => LocalEndpoint.Of(home) ?? throw new IOException(McpBridge.Down));
        return new McpBridge(http, new Uri("http://localhost/mcp"), token, session);
    }

    /// <summary>The token of the session's connection, or of this folder's, which is the same at each start; null where it was revoked.
    /// </summary>
    private static async Task<string?> MadeAsync(
        CommandContext context, ConnectionBook book, string? session, string operatorsName, CancellationToken cancellationToken)
    {
        if (session is null)
            return (await book.OpenOfAsync(
                context.CurrentFolder,
                known => ConnectionNames.OfProject(context.CurrentFolder, known, operatorsName),
                cancellationToken)).Token;
        var known = book.List();
        var name = ConnectionEntry.Of(known, session)?.Name ?? session;
        if (!ConnectionEntry.IsName(name) || ReservedNames.IsOperators(name, operatorsName))
            throw new CommandFailure(ExitCode.Usage, $"--session: {ConnectionEntry.AllowedNames}");
        return known.Any(entry => entry.Name == name && entry.RevokedAt is not null)
            ? null
            : (await book.OpenAsync(name, folder: null, cancellationToken)).Token;
    }
}
