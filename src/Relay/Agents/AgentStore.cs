using System.Text.RegularExpressions;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;
using Relay.Turns;

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
    public const string Columns = "agent_id, session_id, folder, state, rounds, blocks, stops, last_seen_at, owns_name";

    /// <summary>The session's name was made for it, and no other may have it.</summary>
    public bool OwnsName { get; init; }

    public static Agent From(Row row) => new(
        row.Text(), SessionId.Stored(row.Text()), row.Text(), row.Word<AgentState>(), row.Int(), row.Int(), row.Number(), row.Time())
    {
        OwnsName = row.Flag(),
    };
}

/// <summary>Owns agents and their tool calls.</summary>
internal static partial class AgentStore
{
    /// <summary>How long a session that never said goodbye keeps its default name from others of its folder.</summary>
    private static readonly TimeSpan NameKept = TimeSpan.FromHours(12);

    private static readonly TimeSpan ToolUsesKept = TimeSpan.FromDays(1);

    /// <summary>Notes that an agent is there. Its session is the name it was given, else the one it had, else its folder's name made distinct
    /// among the agents of now. One that comes back after its end finds its name again unless another has it now. Null when the configuration
    /// does not accept the session.</summary>
    public static async Task<Agent?> SeenAsync(
        Writing writing, SessionDirectory directory, AgentSighting seen, CancellationToken cancellationToken)
    {
        var known = await FindAsync(writing, seen.Agent, cancellationToken);
        var session = SessionId.TryParse(seen.GivenName ?? "") ?? await OwnNameAsync(writing, seen, known, cancellationToken);
        if (directory.ConversationOf(session) is not { } conversation)
            return null;
        await SessionStore.SeenAsync(writing, session, conversation, ReplyChannel.Agent, cancellationToken);
        await writing.Sql(
            """
            INSERT INTO agents (agent_id, session_id, owns_name, folder, state, rounds, blocks, stops, first_seen_at, last_seen_at)
            VALUES (@agent, @session, @owns, @folder, 'active', 0, 0, 0, @now, @now)
            ON CONFLICT (agent_id) DO UPDATE
            SET session_id = excluded.session_id, owns_name = excluded.owns_name, folder = excluded.folder, last_seen_at = excluded.last_seen_at
            """)
            .With("@agent", seen.Agent).With("@session", session.Value).With("@owns", seen.GivenName is null ? 1 : 0)
            .With("@folder", seen.Folder).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
        return await FindAsync(writing, seen.Agent, cancellationToken);
    }

    public static Task SetStateAsync(Writing writing, Agent agent, AgentState state, CancellationToken cancellationToken) =>
        UpdateAsync(writing, agent, "state = @state", state, cancellationToken);

    /// <summary>The user spoke: the guards count from here again.</summary>
    public static Task PromptedAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(writing, agent, "state = @state, rounds = 0, blocks = 0", AgentState.Active, cancellationToken);

    /// <summary>Its last message went to the advisor, and its Stop hook is held.</summary>
    public static Task RelayedAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(writing, agent, "state = @state, rounds = rounds + 1", AgentState.Held, cancellationToken);

    /// <summary>A Stop hook was answered with a reply, so the session goes on.</summary>
    public static Task WentOnAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(writing, agent, "state = @state, blocks = blocks + 1, stops = stops + 1", AgentState.Active, cancellationToken);

    /// <summary>The session was let stop: its turn has ended, and with it the client's count of blocks in a row.</summary>
    public static Task StoppedAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        UpdateAsync(writing, agent, "state = @state, blocks = 0, stops = stops + 1", AgentState.Idle, cancellationToken);

    /// <summary>The session got a reply the operator had a hand in: the rounds count from here again.</summary>
    public static Task OperatorSpokeAsync(Writing writing, Agent agent, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE agents SET rounds = 0 WHERE agent_id = @agent")
            .With("@agent", agent.Id)
            .ExecuteAsync(cancellationToken);

    /// <summary>The agent of a session that was heard of last.</summary>
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

    public static async Task NoteToolUseAsync(Writing writing, string toolUse, Agent agent, CancellationToken cancellationToken)
    {
        await writing.Sql("DELETE FROM tool_uses WHERE at < @old")
            .With("@old", (writing.Now - ToolUsesKept).ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
        await writing.Sql(
            """
            INSERT INTO tool_uses (tool_use_id, agent_id, at)
            VALUES (@use, @agent, @now)
            ON CONFLICT (tool_use_id) DO NOTHING
            """)
            .With("@use", toolUse).With("@agent", agent.Id).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>Who made a tool call, where a hook told of it.</summary>
    public static async Task<Agent?> OfToolUseAsync(Reading reading, string toolUse, CancellationToken cancellationToken)
    {
        var agent = await reading.Sql("SELECT agent_id FROM tool_uses WHERE tool_use_id = @use")
            .With("@use", toolUse)
            .FirstAsync(row => row.Text(), cancellationToken);
        return agent is null ? null : await FindAsync(reading, agent, cancellationToken);
    }

    public static Task<Agent?> FindAsync(Reading reading, string agent, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {Agent.Columns} FROM agents WHERE agent_id = @agent")
            .With("@agent", agent)
            .FirstAsync(Agent.From, cancellationToken);

    private static Task<int> UpdateAsync(Writing writing, Agent agent, string change, AgentState state, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Replies, agent.Session.Value); // A waiter may deliver to it, or must not any more.
        return writing.Sql(
            $"""
            UPDATE agents
            SET {change}, last_seen_at = @now, owns_name = CASE @state WHEN 'ended' THEN 0 ELSE owns_name END
            WHERE agent_id = @agent
            """)
            .With("@agent", agent.Id).With("@state", state.Word()).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    private static async Task<SessionId> OwnNameAsync(Writing writing, AgentSighting seen, Agent? known, CancellationToken cancellationToken)
    {
        var since = writing.Now - NameKept;
        if (known is { OwnsName: true, State: not AgentState.Ended } && known.LastSeenAt > since)
            return known.Session;
        // An agent that has ended may own its name again, by an event that came late.
        await writing.Sql("UPDATE agents SET owns_name = 0 WHERE owns_name = 1 AND (last_seen_at <= @since OR state = 'ended')")
            .With("@since", since.ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
        var taken = await writing.Sql(
            """
            SELECT session_id
            FROM agents
            WHERE agent_id <> @agent AND state <> 'ended' AND last_seen_at > @since
            """)
            .With("@agent", seen.Agent).With("@since", since.ToUnixTimeMilliseconds())
            .ListAsync(row => row.Text(), cancellationToken);
        return known is not null && !taken.Contains(known.Session.Value) ? known.Session : FreeName(seen.Folder, taken);
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

/// <summary>An agent as an event of its tells of it; the name is null where the client was given none.</summary>
internal sealed record AgentSighting(string Agent, string? GivenName, string Folder);
