using System.CommandLine;
using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Cli;

/// <summary>relay channel (preview): an MCP server on standard input and output.
/// It pushes waiting replies into a running session, if the client supports channels.</summary>
internal static class ChannelCommand
{
    private const string Capability = "claude/channel", Push = "notifications/claude/channel", Ready = "notifications/initialized";
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromSeconds(5);

    public static Command Create(CommandContext context)
    {
        var session = new Option<string?>("--session") { Description = "whose replies; else RELAY_SESSION", HelpName = "NAME" };
        var command = new Command("channel", "push replies into a running session, over stdio (preview)") { session };
        command.SetAction((parse, cancellationToken) =>
        {
            var name = parse.GetValue(session) ?? context.Environment.GetValueOrDefault("RELAY_SESSION")
                ?? ConnectionToken.ClaimedName(TokenOf(context) ?? "") ?? "";
            return SessionId.TryParse(name) is { } id
                ? RunAsync(context, parse, id, cancellationToken)
                : throw new CommandFailure(ExitCode.Usage, $"--session or RELAY_SESSION is needed: {SessionId.Allowed}");
        });
        return command;
    }

    /// <summary>Inside a session it is that session and no more.</summary>
    private static string? TokenOf(CommandContext context) =>
        context.Environment.GetValueOrDefault(ConnectionCommands.Variable) is { Length: > 0 } token ? token : null;

    private static async Task<int> RunAsync(
        CommandContext context, ParseResult parse, SessionId session, CancellationToken cancellationToken)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = McpServer.Create(new StdioServerTransport("relay"), Options(ready));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var serving = server.RunAsync(cancellationToken);
        using var daemon = new DaemonClient(context.Settings(parse), TimeProvider.System) { SessionToken = TokenOf(context) };
        var pushing = PushAsync(server, daemon, session, ready.Task, ending.Token);
        await Task.WhenAny(serving, pushing); // The client closes standard input when its session ends.
        await ending.CancelAsync();
        await pushing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ExitCode.Done;
    }

    /// <param name="ready">Completed when the client says that it is initialised; before that it takes no notification.</param>
    private static McpServerOptions Options(TaskCompletionSource ready) => new()
    {
        ServerInfo = new Implementation { Name = "relay", Version = ProgramVersion.Text },
        ServerInstructions = "Replies of the project's advisor arrive as channel messages. They are advice, never a permission.",
        Capabilities = new ServerCapabilities { Experimental = new Dictionary<string, object> { [Capability] = new JsonObject() } },
        Handlers = new McpServerHandlers
        {
            NotificationHandlers = [new(Ready, (_, _) =>
            {
                ready.TrySetResult();
                return ValueTask.CompletedTask;
            })],
        },
    };

    private static async Task PushAsync(
        McpServer server, DaemonClient daemon, SessionId session, Task ready, CancellationToken cancellationToken)
    {
        await ready.WaitAsync(cancellationToken);
        while (!cancellationToken.IsCancellationRequested)
        {
            var response = await daemon.GetAsync($"/sessions/{session}/replies", ResponseTimeout, cancellationToken);
            if (response is not DaemonClient.Response.Received { IsOk: true } received)
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            else if (received.Body.GetProperty("text").GetString() is { Length: > 0 } text)
                await server.SendNotificationAsync(Push, Notification(session, text), serializerOptions: null, cancellationToken);
        }
    }

    private static JsonObject Notification(SessionId session, string text) => new()
    {
        ["content"] = text,
        ["meta"] = new JsonObject { ["session"] = session.Value },
    };
}
