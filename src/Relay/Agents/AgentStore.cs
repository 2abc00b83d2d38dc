using Relay.Conversations;
using Relay.Http;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Agents;

internal enum AgentState
{
    /// <summary>It works on a prompt.</summary>
    Active,

    /// <summary>Its Stop hook waits for a reply.</summary>
    Held,

    /// <summary>It waits for its user, and a waiter may wake it.</summary>
    Idle,

    Ended,
}

/// <summary>A Claude Code session, as its hooks report it.</summary>
/// <param name="Id">Claude Code's id of the session.</param>
/// <param name="Session">The name that the relay knows it by.</param>
/// <param name="Folder">Where it works.</param>
/// <param name="State">What it does now.</param>
/// <param name="Blocks">How many times in a row a Stop hook made it go on.</param>
/// <param name="Stops">How many Stop hooks were answered.</param>
/// <param name="LastSeenAt">When its last event came.</param>
internal sealed record Agent(
    string Id, SessionId Session, string Folder, AgentState State, int Blocks, long Stops, DateTimeOffset LastSeenAt)
{
    public const string Columns = "agent_id, session_id, folder, state, blocks, stops, last_seen_at, owns_name, connection, client";

    /// <summary>The session's name was made for it, and no other may have it.</summary>
    public bool OwnsName { get; init; }

    /// <summary>Whose token its first event came with: a connection's name, empty for the operator's; null where that was before there
    /// were connections.</summary>
    public string? Connection { get; init; }

    /// <summary>Its process, where a waiter has told it.</summary>
    public string? Client { get; init; }

    /// <summary>Claude Code's id of a session is only claimed: it belongs to whoever used it first. A session of the operator's may go
    /// on under a connection that has its name.</summary>
    public bool Belongs(Caller caller) => caller is not Caller.Connection connection || Connection switch
    {
        null => true,
        "" => connection.MaySpeakAs(Session.Value),
        _ => Connection == connection.Name,
    };

    public static Agent From(Row row) => new(
        row.Text(),
        Conversations.SessionId.Stored(row.Text()),
        row.Text(),
        row.Word<AgentState>(),
        row.Int(),
        row.Number(),
        row.Time())
    {
        OwnsName = row.Flag(),
        Connection = row.TextOrNull(),
        Client = row.TextOrNull(),
    };
}

/// <summary>Reads and writes the agents.</summary>
internal static class AgentStore
{
    /// <summary>Records an event of an agent. The agent's session has the name that it was given, else the name it had before,
    /// else its folder's name, with a number if another agent has that. An agent that comes back after its end keeps its name,
    /// unless another agent has taken it.</summary>
    /// <returns>Null when the configuration does not accept the session, the agent is another connection's, or its source made too many
    /// names.</returns>
    public static async Task<Agent?> SeenAsync(
        Writing writing, SessionDirectory directory, AgentSighting seen, CancellationToken cancellationToken)
    {
        if (SessionId.TryParse(seen.GivenName ?? "") is { } wanted && directory.IsOperators(wanted.Value))
            return null; // Nor with a number.
        var known = await FindAsync(writing, seen.Agent, cancellationToken);
        if (known?.Belongs(seen.Caller) == false)
            return null;
        var session = SessionId.TryParse(seen.GivenName ?? "") is { } given
            ? await AgentNames.GivenAsync(writing, given, seen, known, cancellationToken)
            : await AgentNames.OwnAsync(writing, directory, seen, known, cancellationToken);
        if (directory.ConversationOf(session) is not { } conversation)
            return null;
        var wait = await NameAllowance.AdmitAsync(
            writing, directory, new NewName(session, seen.Caller.NameSource),
            () => SessionStore.SeenAsync(writing, session, conversation, ReplyChannel.Agent, cancellationToken), cancellationToken);
        if (wait is not null)
            return null;
        await writing.Sql(
            """
            INSERT INTO agents (agent_id, session_id, owns_name, folder, connection, state, blocks, stops, first_seen_at, last_seen_at)
            VALUES (@agent, @session, @owns, @folder, @connection, 'active', 0, 0, @now, @now)
            ON CONFLICT (agent_id) DO UPDATE
            SET session_id = excluded.session_id, owns_name = excluded.owns_name, folder = excluded.folder,
                connection = excluded.connection, last_seen_at = excluded.last_seen_at,
                client = CASE @begins WHEN 'yes' THEN NULL ELSE agents.client END
            """)
            .With("@begins", seen.Source is null ? "no" : "yes") // Its process may be another one now.
            .With("@agent", seen.Agent).With("@session", session.Value).With("@owns", seen.GivenName is null ? 1 : 0)
            .With("@folder", seen.Folder).With("@now", writing.UnixNow)
            .With("@connection", (seen.Caller as Caller.Connection)?.Name ?? known?.Connection ?? "")
            .ExecuteAsync(cancellationToken);
        return await FindAsync(writing, seen.Agent, cancellationToken);
    }

    public static Task SetStateAsync(Writing writing, Agent agent, AgentState state, CancellationToken cancellationToken) =>
        UpdateAsync(writing, agent, "state = @state", state, cancellationToken);

    /// <summary>At the start no Stop hook is held any more, for its connection is gone: the session is idle, and can be woken.</summary>
    public static Task LetGoAsync(Writing writing, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE agents SET state = 'idle' WHERE state <> 'ended' AND state = 'held'").ExecuteAsync(cancellationToken);

    /// <summary>Its user has entered a prompt: rounds and blocks count from 0 again.</summary>
    public static async Task PromptedAsync(Writing writing, Agent agent, CancellationToken cancellationToken)
    {
        await SessionStore.PromptAsync(writing, agent.Session, cancellationToken);
        await UpdateAsync(writing, agent, "state = @state, blocks = 0", AgentState.Active, cancellationToken);
    }

    /// <summary>Its last message went to the advisor, and its Stop hook waits.</summary>
    public static Task RelayedAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        SetStateAsync(writing, agent, AgentState.Held, cancellationToken);

    /// <summary>A Stop hook was answered with a reply, so the session goes on.</summary>
    public static Task WentOnAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(writing, agent, "state = @state, blocks = blocks + 1, stops = stops + 1", AgentState.Active, cancellationToken);

    /// <summary>The session stops. Its turn has ended, so the client's count of blocks in a row is 0 again.</summary>
    public static Task StoppedAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(writing, agent, "state = @state, blocks = 0, stops = stops + 1", AgentState.Idle, cancellationToken);

    /// <summary>The agent of a session whose last event is the newest.</summary>
    public static Task<Agent?> NewestOfAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Agent.Columns}
            FROM agents
            WHERE session_id = @session
            ORDER BY last_seen_at DESC, agent_id DESC
            LIMIT 1
            """)
            .With("@session", session.Value)
            .FirstAsync(Agent.From, cancellationToken);

    public static Task<Agent?> FindAsync(Reading reading, string agent, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {Agent.Columns} FROM agents WHERE agent_id = @agent")
            .With("@agent", agent)
            .FirstAsync(Agent.From, cancellationToken);

    /// <summary>Those whose process is known and that have not ended.</summary>
    public static Task<List<Agent>> WithClientAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {Agent.Columns} FROM agents WHERE client > '' AND client IS NOT NULL AND state <> 'ended'")
            .ListAsync(Agent.From, cancellationToken);

    /// <summary>The agent that a new one in its folder was made from: the one that was heard of last.</summary>
    public static Task<Agent?> ForkedAsync(
        Reading reading, string folder, string connection, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Agent.Columns}
            FROM agents
            WHERE owns_name = 1 AND state <> 'ended' AND folder = @folder AND connection = @connection
            ORDER BY last_seen_at DESC
            LIMIT 1
            """)
            .With("@folder", folder).With("@connection", connection)
            .FirstAsync(Agent.From, cancellationToken);

    /// <summary>Its name goes to the one that goes on with its conversation.</summary>
    public static Task YieldNameAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE agents SET owns_name = 0 WHERE agent_id = @agent").With("@agent", agent.Id).ExecuteAsync(cancellationToken);

    /// <summary>Its waiter has told which process it is of.</summary>
    public static Task NoteClientAsync(Writing writing, Agent agent, string client, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE agents SET client = @client WHERE agent_id = @agent")
            .With("@client", client).With("@agent", agent.Id)
            .ExecuteAsync(cancellationToken);

    /// <summary>Whether an agent of the session is there.</summary>
    public static async Task<bool> HasPresentAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT 1 FROM agents WHERE session_id = @session AND state <> 'ended' LIMIT 1")
            .With("@session", session.Value)
            .NumberOrNullAsync(cancellationToken) is not null;

    /// <summary>The names that are in use: of agents that have not ended and were heard of since a time, apart from one agent.</summary>
    public static Task<List<string>> TakenNamesAsync(
        Writing writing, string otherThan, DateTimeOffset since, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            SELECT session_id
            FROM agents
            WHERE agent_id <> @agent AND state <> 'ended' AND last_seen_at > @since
            """)
            .With("@agent", otherThan).With("@since", since.ToUnixTimeMilliseconds())
            .ListAsync(row => row.Text(), cancellationToken);

    /// <summary>Agents that were not heard of since a time own no name. One that has ended may own its name again,
    /// by an event that came late.</summary>
    public static Task ReleaseNamesAsync(Writing writing, DateTimeOffset since, CancellationToken cancellationToken) =>
        writing.Sql(
            """
            UPDATE agents
            SET owns_name = 0
            WHERE owns_name = 1 AND ((last_seen_at <= @since AND client IS NULL) OR state = 'ended')
            """)
            .With("@since", since.ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);

    private static Task<int> UpdateAsync(
        Writing writing, Agent agent, string change, AgentState state, CancellationToken cancellationToken)
    {
        // An agent whose end came while this event was dealt with stays ended.
        writing.Wake(Topic.Replies, agent.Session.Value); // The state decides whether a waiter may deliver to it.
        return writing.Sql(
            $"""
            UPDATE agents
            SET {change}, last_seen_at = @now, owns_name = CASE @state WHEN 'ended' THEN 0 ELSE owns_name END,
                client = CASE @state WHEN 'ended' THEN NULL ELSE client END
            WHERE agent_id = @agent AND (state <> 'ended' OR @was = 'ended')
            """)
            .With("@agent", agent.Id).With("@state", state.Word()).With("@was", agent.State.Word()).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }
}

/// <summary>The agent of a hook event. The name is null when the client was given none.</summary>
internal sealed record AgentSighting(string Agent, string? GivenName, string Folder)
{
    /// <summary>Of a session that starts: how it came to be.</summary>
    public string? Source { get; init; }

    /// <summary>Whose hook it is. A connection's sessions have names of the connection, whatever their folder is called.</summary>
    public Caller Caller { get; init; } = new Caller.Operator();
}
