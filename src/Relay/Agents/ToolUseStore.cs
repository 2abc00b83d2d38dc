using Relay.Storage;

namespace Relay.Agents;

/// <summary>A tool call, as the hook that came before it has reported it.</summary>
/// <param name="Id">The client's id of the call.</param>
/// <param name="Agent">Who made it.</param>
/// <param name="Subagent">Which subagent of it did; null for the session itself.</param>
/// <param name="Task">The client's name for the call since it has gone to the background; null while the model waits for it.</param>
internal sealed record ToolUse(string Id, string Agent, string? Subagent, string? Task);

/// <summary>Owns the tool calls: the client tells its hook and not the server which session makes a call.</summary>
internal static class ToolUseStore
{
    /// <summary>Longer than the client keeps a call in the background.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(2);

    public static async Task NoteAsync(
        Writing writing, string toolUse, Agent agent, string? subagent, CancellationToken cancellationToken)
    {
        await writing.Sql("DELETE FROM tool_uses WHERE at < @old")
            .With("@old", (writing.Now - Kept).ToUnixTimeMilliseconds())
            .ExecuteAsync(cancellationToken);
        await writing.Sql(
            """
            INSERT INTO tool_uses (tool_use_id, agent_id, subagent, at)
            VALUES (@use, @agent, @subagent, @now)
            ON CONFLICT (tool_use_id) DO NOTHING
            """)
            .With("@use", toolUse).With("@agent", agent.Id).With("@subagent", subagent).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }

    /// <summary>The client has moved the call to the background.</summary>
    public static Task MovedAsync(Writing writing, string toolUse, Agent agent, string task, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE tool_uses SET task = @task WHERE tool_use_id = @use AND agent_id = @agent")
            .With("@task", task).With("@use", toolUse).With("@agent", agent.Id)
            .ExecuteAsync(cancellationToken);

    /// <summary>Null when no hook has reported the call.</summary>
    public static Task<ToolUse?> FindAsync(Reading reading, string toolUse, CancellationToken cancellationToken) =>
        reading.Sql("SELECT tool_use_id, agent_id, subagent, task FROM tool_uses WHERE tool_use_id = @use")
            .With("@use", toolUse)
            .FirstAsync(From, cancellationToken);

    /// <summary>The call that goes by that name in the background.</summary>
    public static Task<ToolUse?> OfTaskAsync(Reading reading, string task, CancellationToken cancellationToken) =>
        reading.Sql("SELECT tool_use_id, agent_id, subagent, task FROM tool_uses WHERE task = @task ORDER BY at DESC LIMIT 1")
            .With("@task", task)
            .FirstAsync(From, cancellationToken);

    private static ToolUse From(Row row) => new(row.Text(), row.Text(), row.TextOrNull(), row.TextOrNull());
}
