using System.Data.Common;
using System.Text.RegularExpressions;
using Relay.Agents.Connect;
using Relay.Conversations;
using Relay.Storage;

namespace Relay.Agents;

internal enum AgentState
{
    /// <summary>At work on a prompt.</summary>
    Active,

    /// <summary>Its Stop hook is held for a reply.</summary>
    Held,

    /// <summary>Waits for its user: a waiter may wake it.</summary>
    Idle,

    Ended,
}

/// <summary>A Claude Code session as its hooks tell of it.</summary>
internal sealed record Agent(
    string Id, SessionId Session, string Folder, AgentState State, int Rounds, int Blocks, long Stops, DateTimeOffset LastSeenAt)
{
    public const string Columns = "agent_id, session_id, folder, state, rounds, blocks, stops, last_seen_at";

    public static Agent From(DbDataReader reader) => new(
        reader.Text("agent_id"),
        Conversations.SessionId.Stored(reader.Text("session_id")),
        reader.Text("folder"),
        Enum.Parse<AgentState>(reader.Text("state"), ignoreCase: true),
        (int)reader.Number("rounds"),
        (int)reader.Number("blocks"),
        reader.Number("stops"),
        reader.Time("last_seen_at"));
}

/// <summary>Owns agents and their tool calls.</summary>
internal sealed partial class AgentStore(Database database, SessionStore sessions, SessionDirectory directory, TimeProvider clock)
{
    /// <summary>How long a session that never said goodbye keeps its default name from others of its folder.</summary>
    private static readonly TimeSpan NameKept = TimeSpan.FromHours(12);
    private static readonly TimeSpan ToolUsesKept = TimeSpan.FromDays(1);

    /// <summary>Notes that an agent is there. Its session is the name it was given, else the one it had, else its folder's name made distinct among
    /// the agents of now. One that comes back after its end finds its name again unless another has it now. Null when the configuration does not accept the session.</summary>
    public Task<Agent?> SeenAsync(string agent, string? givenName, string folder, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                var known = await FindAsync(transaction.Connection!, agent, cancellationToken);
                var session = SessionId.TryParse(givenName ?? "") ?? await OwnNameAsync(transaction, agent, known, folder, cancellationToken);
                if (directory.ConversationOf(session) is not { } conversation)
                    return null;
                await sessions.SeenAsync(transaction, session, conversation, ReplyChannel.Agent, cancellationToken);
                await transaction.Command(
                    """
                    INSERT INTO agents (agent_id, session_id, folder, state, rounds, blocks, stops, first_seen_at, last_seen_at)
                    VALUES (@agent, @session, @folder, 'active', 0, 0, 0, @now, @now)
                    ON CONFLICT (agent_id) DO UPDATE
                    SET session_id = excluded.session_id, folder = excluded.folder, last_seen_at = excluded.last_seen_at
                    """)
                    .With("@agent", agent).With("@session", session.Value).With("@folder", folder).With("@now", clock.UnixNow())
                    .ExecuteAsync(cancellationToken);
                return await FindAsync(transaction.Connection!, agent, cancellationToken);
            },
            cancellationToken);

    public Task SetStateAsync(Agent agent, AgentState state, CancellationToken cancellationToken) =>
        UpdateAsync(agent, "state = @state", state, cancellationToken);

    /// <summary>The user spoke: the guards count from here again.</summary>
    public Task PromptedAsync(Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(agent, "state = @state, rounds = 0, blocks = 0", AgentState.Active, cancellationToken);

    /// <summary>Its last message went to the advisor, and its Stop hook is held.</summary>
    public Task RelayedAsync(Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(agent, "state = @state, rounds = rounds + 1", AgentState.Held, cancellationToken);

    /// <summary>A Stop hook was answered with a reply, so the session goes on.</summary>
    public Task WentOnAsync(Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(agent, "state = @state, blocks = blocks + 1, stops = stops + 1", AgentState.Active, cancellationToken);

    /// <summary>The session was let stop: its turn has ended, and with it the client's count of blocks in a row.</summary>
    public Task StoppedAsync(Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(agent, "state = @state, blocks = 0, stops = stops + 1", AgentState.Idle, cancellationToken);

    /// <summary>The session got a reply the operator had a hand in: the rounds count from here again.</summary>
    public Task OperatorSpokeAsync(Agent agent, CancellationToken cancellationToken) =>
        database.WriteAsync(
            transaction => transaction.Command("UPDATE agents SET rounds = 0 WHERE agent_id = @agent")
                .With("@agent", agent.Id)
                .ExecuteAsync(cancellationToken),
            cancellationToken);

    public Task<Agent?> FindAsync(string agent, CancellationToken cancellationToken) =>
        database.ReadAsync(connection => FindAsync(connection, agent, cancellationToken), cancellationToken);

    /// <summary>Of each session for which replies wait, the agent seen last, if it has been idle or ended since <paramref name="before"/>.</summary>
    public Task<List<Agent>> RestingWithRepliesAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT a.agent_id, a.session_id, a.folder, a.state, a.rounds, a.blocks, a.stops, a.last_seen_at
                FROM agents a
                WHERE a.state IN ('idle', 'ended') AND a.last_seen_at <= @before
                  AND a.session_id IN (SELECT session_id FROM dispatches WHERE channel = 'agent' AND state = 'ready' AND created_at <= @before)
                  AND NOT EXISTS (
                      SELECT 1
                      FROM agents b
                      WHERE b.session_id = a.session_id AND (b.last_seen_at > a.last_seen_at OR (b.last_seen_at = a.last_seen_at AND b.agent_id > a.agent_id)))
                """)
                .With("@before", before.ToUnixTimeMilliseconds())
                .ListAsync(Agent.From, cancellationToken),
            cancellationToken);

    public Task NoteToolUseAsync(string toolUse, Agent agent, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async transaction =>
            {
                await transaction.Command("DELETE FROM tool_uses WHERE at < @old")
                    .With("@old", (clock.GetUtcNow() - ToolUsesKept).ToUnixTimeMilliseconds())
                    .ExecuteAsync(cancellationToken);
                await transaction.Command(
                    """
                    INSERT INTO tool_uses (tool_use_id, agent_id, at)
                    VALUES (@use, @agent, @now)
                    ON CONFLICT (tool_use_id) DO NOTHING
                    """)
                    .With("@use", toolUse).With("@agent", agent.Id).With("@now", clock.UnixNow())
                    .ExecuteAsync(cancellationToken);
            },
            cancellationToken);

    /// <summary>Who made a tool call, where a hook told of it.</summary>
    public Task<Agent?> OfToolUseAsync(string toolUse, CancellationToken cancellationToken) =>
        database.ReadAsync(
            connection => connection.Command(
                """
                SELECT a.agent_id, a.session_id, a.folder, a.state, a.rounds, a.blocks, a.stops, a.last_seen_at
                FROM tool_uses t
                JOIN agents a ON a.agent_id = t.agent_id
                WHERE t.tool_use_id = @use
                """)
                .With("@use", toolUse)
                .FirstAsync(Agent.From, cancellationToken),
            cancellationToken);

    private static Task<Agent?> FindAsync(DbConnection connection, string agent, CancellationToken cancellationToken) =>
        connection.Command($"SELECT {Agent.Columns} FROM agents WHERE agent_id = @agent")
            .With("@agent", agent)
            .FirstAsync(Agent.From, cancellationToken);

    private Task<int> UpdateAsync(Agent agent, string change, AgentState state, CancellationToken cancellationToken) =>
        database.WriteAsync(
            transaction => transaction.Command($"UPDATE agents SET {change}, last_seen_at = @now WHERE agent_id = @agent")
                .With("@agent", agent.Id).With("@state", state.Word()).With("@now", clock.UnixNow())
                .ExecuteAsync(cancellationToken),
            cancellationToken);

    private async Task<SessionId> OwnNameAsync(DbTransaction transaction, string agent, Agent? known, string folder, CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - NameKept;
        if (known is { State: not AgentState.Ended } && known.LastSeenAt > since)
            return known.Session;
        var taken = await transaction.Command(
            """
            SELECT session_id
            FROM agents
            WHERE agent_id <> @agent AND state <> 'ended' AND last_seen_at > @since
            """)
            .With("@agent", agent).With("@since", since.ToUnixTimeMilliseconds())
            .ListAsync(reader => reader.Text("session_id"), cancellationToken);
        return known is not null && !taken.Contains(known.Session.Value) ? known.Session : FreeName(folder, taken);
    }

    private static SessionId FreeName(string folder, List<string> taken)
    {
        var name = NotInNames().Replace(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), "-").Trim('-');
        name = name.Length == 0 ? "claude" : name[..Math.Min(name.Length, 56)];
        var free = name;
        for (var number = 2; taken.Contains(free); number++)
            free = FormattableString.Invariant($"{name}-{number}");
        return SessionId.Stored(free);
    }

    [GeneratedRegex("[^A-Za-z0-9_-]+")]
    private static partial Regex NotInNames();
}
