using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Relay.Conversations;
using Relay.Files.Platform;
using Relay.Http;
using Relay.Storage;

namespace Relay.Agents.Waking;

/// <summary>What a waiter tells of its session. (1) At the session's start both hooks run at once: whichever is heard first makes the
/// session known, or brings one back that had ended, so that the waiter is not sent home. (2) The process of the client, for one that is
/// killed says nothing.</summary>
internal sealed class WaiterRegistration(Database database, SessionDirectory directory)
{
    private static readonly TimeSpan JustNow = TimeSpan.FromSeconds(2);

    public TimeProvider Clock => database.Clock;

    public Task<Agent?> FindAsync(string agent, CancellationToken cancellationToken) =>
        database.ReadAsync(reading => AgentStore.FindAsync(reading, agent, cancellationToken), cancellationToken);

    public async Task NoteAsync(HttpContext context, string id)
    {
        var client = ClientOf(context);
        var agent = await FindAsync(id, context.RequestAborted);
        if (IsBeginning(context.Request) && SessionName.Fault(context.Request) is null && agent is null or { State: AgentState.Ended }
            && (client is not null || agent is null || Clock.GetUtcNow() - agent.LastSeenAt > JustNow))
            agent = await BeginAsync(context, id, agent); // (1)
        if (agent is not null && client is not null && client != agent.Client && agent.State != AgentState.Ended)
            await database.WriteAsync(writing => NoteClientAsync(writing, agent, client, context.RequestAborted), context.RequestAborted);
    }

    /// <summary>(2) Not one that was killed while its waiter was heard: the next window may have begun meanwhile.</summary>
    private static Task NoteClientAsync(Writing writing, Agent agent, string client, CancellationToken cancellationToken) =>
        ClientProcess.IsThere(client) ? AgentStore.NoteClientAsync(writing, agent, client, cancellationToken) : Task.CompletedTask;

    public static bool IsBeginning(HttpRequest request) => request.Headers.ContainsKey("X-Relay-Begins");

    /// <summary>What waits comes with the hook, which also says whether the session is connected; only when it is idle a waiter is given
    /// anything.</summary>
    private Task<Agent?> BeginAsync(HttpContext context, string id, Agent? ended) => database.WriteAsync(
        async writing =>
        {
            var seen = new AgentSighting(id, SessionName.Of(context.Request)?.Value, Text(context.Request, "X-Relay-Folder"))
            {
                Caller = Caller.Of(context),
                Source = Text(context.Request, "X-Relay-Begins"),
            };
            var agent = await AgentStore.SeenAsync(writing, directory, seen, context.RequestAborted);
            if (agent is not null && ended is not null)
                await AgentStore.SetStateAsync(writing, agent, AgentState.Active, context.RequestAborted);
            return agent is null ? null : await AgentStore.FindAsync(writing, id, context.RequestAborted);
        },
        context.RequestAborted);

    private static string Text(HttpRequest request, string header) => Uri.UnescapeDataString(request.Headers[header].ToString());

    private static string? ClientOf(HttpContext context) =>
        int.TryParse(context.Request.Headers["X-Relay-Client"], NumberStyles.None, CultureInfo.InvariantCulture, out var process)
        && context.Features.Get<IConnectionSocketFeature>()?.Socket is { AddressFamily: AddressFamily.Unix } socket
            ? ClientProcess.Of(socket, process)
            : null;
}
