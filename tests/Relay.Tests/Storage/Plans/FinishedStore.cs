using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Storage.Sqlite;

namespace Relay.Tests.Storage.Plans;

/// <summary>A database in which much is finished and nothing waits: each message has five events, two entries, a reply that was taken and
/// a call that was answered, over five conversations and twenty sessions; a tenth of it asked a question that was answered, a hundredth
/// was paged and came from a Claude Code session that has ended. Nothing is analysed: the relay does not do that either.</summary>
internal static class FinishedStore
{
    public const int Conversations = 5, Sessions = 20;

    /// <summary>Between two messages.</summary>
    private const int Gap = 30_000;

    private const string Series =
        "WITH RECURSIVE series (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM series WHERE n < @count) ";
    private const string Conversation = "CASE n % 5 WHEN 0 THEN 'default' ELSE 'c' || (n % 5) END";
    private const string Session = "'s' || (n % 20)";
    private const string Id = "'01900000-0000-7000-8000-' || (100000000000 + n)";
    private const string At = "@start + n * 30000";

    private static readonly string[] Statements =
    [
        $$"""
        {{Series}} INSERT INTO conversations (
            conversation_id, claim_epoch, last_number, last_position, window_turns, window_characters, unblocked_at, created_at)
        SELECT {{Conversation}}, @messages, @messages, 2 * @messages, 0, 20, @start, @start FROM series WHERE n <= 5
        """,
        $$"""
        {{Series}} INSERT INTO sessions (session_id, conversation_id, channel, first_seen_at, last_seen_at)
        SELECT {{Session}}, {{Conversation}}, CASE WHEN n <= 5 THEN 'agent' ELSE 'folder' END, @start, @start + n FROM series WHERE n <= 20
        """,
        $$"""
        {{Series}} INSERT INTO message_keys (speaker, session_id, dedupe_key, conversation_id, message_id)
        SELECT 'session', {{Session}}, 'id:envelope-' || n, {{Conversation}}, {{Id}} FROM series
        """,
        $$"""
        {{Series}} INSERT INTO messages (
            conversation_id, message_id, number, session_id, speaker, channel, state, priority, attempts, due_at, accepted_at, changed_at,
            asked_position, reply_position, content)
        SELECT {{Conversation}}, {{Id}}, n / 5 + 1, {{Session}}, 'session', 'folder', 'answered', 0, 1, 9223372036854775807,
            {{At}}, {{At}} + 9, n / 5 * 2 + 1, n / 5 * 2 + 2, 'Shall I go on with the thing numbered ' || n || '?'
        FROM series
        """,
        $$"""
        {{Series}}, five (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM five WHERE number < 5)
        INSERT INTO message_events (conversation_id, message_id, number, at, state, detail)
        SELECT {{Conversation}}, {{Id}}, number, {{At}} + number, 'deferred', 'the API is busy' FROM series, five
        """,
        $$"""
        {{Series}}, two (reply) AS (SELECT 0 UNION ALL SELECT 1)
        INSERT INTO entries (conversation_id, position, role, message_id, speaker, ruling, ruling_id, characters, at, content)
        SELECT {{Conversation}}, n / 5 * 2 + 1 + reply, CASE reply WHEN 0 THEN 'user' ELSE 'assistant' END, {{Id}},
            {{Session}}, CASE WHEN reply = 0 AND n <= 25 THEN 1 ELSE 0 END,
            CASE WHEN reply = 0 AND n <= 25 THEN n END, 40, {{At}} + reply, 'What was said, numbered ' || n
        FROM series, two
        """,
        $$"""
        {{Series}} INSERT INTO entries (conversation_id, position, role, speaker, ruling, characters, covers_through, at, content)
        SELECT {{Conversation}}, 2 * @messages, 'summary', 'relay', 0, 20, 2 * @messages - 1, {{At}}, 'The summary of it all'
        FROM series WHERE n <= 5
        """,
        $$"""
        {{Series}} INSERT INTO dispatches (
            conversation_id, position, session_id, dispatch_id, message_id, number, channel, state,
            created_at, placed_at, consumed_at, content)
        SELECT {{Conversation}}, n / 5 * 2 + 2, {{Session}}, 'd' || n, {{Id}}, n / 20 + 1,
            CASE WHEN n % 20 <= 5 THEN 'agent' ELSE 'folder' END, 'consumed',
            {{At}}, {{At}} + 5, {{At}} + 9, 'Go on with the thing numbered ' || n
        FROM series
        """,
        $$"""
        {{Series}} INSERT INTO calls (
            conversation_id, message_id, call_id, session_id, purpose, model, state, started_at, finished_at, reserved_nano, cost_nano,
            prompt_bytes, input_tokens, output_tokens, cache_write_5m, cache_write_1h, cache_read, rates, stop_reason, request_id)
        SELECT {{Conversation}}, {{Id}}, 'call' || n, {{Session}}, 'turn', 'claude-opus-5-5', 'done', {{At}}, {{At}} + 8, 2000, 1000,
            4000, 100, 20, 300, 0, 600, '{}', 'end_turn', 'req' || n
        FROM series
        """,
        $$"""
        {{Series}} INSERT INTO spending (period, conversation_id, session_id, model, cost_nano, calls, input_tokens, output_tokens)
        SELECT 'day-' || (n / 20), {{Conversation}}, {{Session}}, 'claude-opus-5-5', 1000, 1, 100, 20 FROM series WHERE n <= @count / 50
        """,
        $$"""
        {{Series}} INSERT INTO questions (
            conversation_id, question_id, message_id, session_id, kind, text, state, asked_at, answered_at, answered_via, answer)
        SELECT {{Conversation}}, n, CASE n % 2 WHEN 0 THEN {{Id}} END, {{Session}},
            CASE n % 2 WHEN 0 THEN 'escalation' ELSE 'permission' END, 'Left or right?', 'answered',
            {{At}}, {{At}} + 7, 'the command line', 'left'
        FROM series WHERE n <= @count / 10
        """,
        $$"""
        {{Series}} INSERT INTO rulings (
            ruling_id, conversation_id, question_id, scope, state, at, ended_at, ended_why, uses, characters, question, content)
        SELECT n, {{Conversation}}, n, 'conversation', CASE WHEN n <= 25 THEN 'standing' ELSE 'retired' END, {{At}}, {{At}} + 9, 'over', 1,
            18, 'Left or right?', 'left'
        FROM series WHERE n <= @count / 10
        """,
        $$"""
        {{Series}} INSERT INTO ruling_uses (use_id, ruling_id, conversation_id, position, message_id, at)
        SELECT n, n, {{Conversation}}, n / 5 * 2 + 2, {{Id}}, {{At}} FROM series WHERE n <= @count / 10
        """,
        $$"""
        {{Series}} INSERT INTO pages (
            page_id, kind, subject, title, body, priority, tags, state, attempts, due_at, created_at, sent_at, cleared_at)
        SELECT 'p' || n, 'question', '' || n, 'title', 'body', 4, 'tag', 'sent', 1, {{At}}, {{At}}, {{At}} + 1, {{At}} + 7
        FROM series WHERE n <= @count / 100
        """,
        $$"""
        {{Series}} INSERT INTO agents (
            agent_id, session_id, owns_name, folder, state, blocks, stops, first_seen_at, last_seen_at)
        SELECT 'agent' || n, {{Session}}, 0, '/projects/' || n, 'ended', 0, 1, {{At}}, {{At}} + 9 FROM series WHERE n <= @count / 100
        """,
        $$"""
        {{Series}} INSERT INTO tool_uses (tool_use_id, agent_id, at)
        SELECT 'use' || n, 'agent' || n, @start + @count * 30000 FROM series WHERE n <= @count / 100
        """,
        $$"""
        {{Series}} INSERT INTO facts (name, value) SELECT 'said:' || n, 'taken' FROM series WHERE n <= @count / 10
        """,
        """
        UPDATE counters SET value = CASE name WHEN 'session' THEN 20 ELSE @count / 10 END
        """,
        """
        INSERT INTO counters (name, value) SELECT 'ruling_use', @count / 10
        """,
        """
        INSERT INTO facts (name, value) VALUES ('first_start', 'long ago'), ('last_dispatch', @start || ' s1')
        """,
    ];

    /// <summary>A file with so many messages, the newest of them accepted at that time.</summary>
    public static async Task MakeAsync(string file, int count, DateTimeOffset end, CancellationToken cancellationToken)
    {
        await using var database = SqliteDatabase.Open(file, new ChangeFeed(), TimeProvider.System);
        await Migrator.MigrateAsync(database, cancellationToken);
        await FillAsync(database, count, end, cancellationToken);
    }

    /// <summary>A new database of either kind.</summary>
    public static async Task FillAsync(Database database, int count, DateTimeOffset end, CancellationToken cancellationToken)
    {
        foreach (var statement in Statements)
            await database.WriteAsync(
                async writing =>
                {
                    await using var command = writing.Sql(statement);
                    foreach (var (name, value) in Values(count, end).Where(each => statement.Contains(each.Name, StringComparison.Ordinal)))
                        command.With(name, value);
                    await command.ExecuteNonQueryAsync(cancellationToken);
                },
                cancellationToken);
    }

    /// <summary>The lines of config.yaml that put each session where it is.</summary>
    public static string Config { get; } = "sessions:\n" + string.Concat(Enumerable.Range(0, Sessions).Select(
        number => $"  - {{session_id: s{number}, conversation: {ConversationOf(number)}}}\n"));

    public static ConversationId ConversationOf(int session) =>
        new(session % Conversations == 0 ? "default" : $"c{session % Conversations}");

    private static (string Name, object Value)[] Values(int count, DateTimeOffset end) =>
    [
        ("@count", (long)count),
        ("@messages", (long)count / Conversations + 2),
        ("@start", end.ToUnixTimeMilliseconds() - (long)count * Gap),
    ];
}
