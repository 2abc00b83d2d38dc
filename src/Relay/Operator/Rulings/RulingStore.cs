using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Rulings;

/// <summary>Owns the rulings: the operator's words, each with a number. A ruling ends, and is never removed or changed.</summary>
internal static class RulingStore
{
    /// <summary>In the words of the index over them.</summary>
    private const string IsStanding = "state = 'standing'";

    public static async Task<RulingRecord> AddAsync(Writing writing, NewRuling ruling, CancellationToken cancellationToken)
    {
        var id = await CounterStore.NextAsync(writing, CounterStore.Rulings, cancellationToken);
        var characters = ruling.Content.Length + (ruling.Asked?.Length ?? 0);
        long? always = ruling.Scope == RulingScope.Always
            ? await CounterStore.NextAsync(writing, CounterStore.RulingsForAll, cancellationToken)
            : null;
        await writing.Sql(
            """
            INSERT INTO rulings (
                ruling_id, conversation_id, message_id, question_id, scope, always_number, state, at, uses, characters, question, content)
            VALUES (@id, @conversation, @message, @question, @scope, @always, 'standing', @now, 0, @characters, @text, @content)
            """)
            .With("@id", id).With("@conversation", ruling.Conversation.Value).With("@message", ruling.Message?.Value)
            .With("@question", ruling.Question).With("@scope", ruling.Scope.Word()).With("@always", always).With("@now", writing.UnixNow)
            .With("@characters", characters).With("@text", ruling.Asked).With("@content", ruling.Content)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Rulings);
        return new RulingRecord(
            id, ruling.Conversation, ruling.Message, ruling.Question, ruling.Scope, RulingState.Standing, writing.Now, EndedAt: null,
            EndedWhy: null, SupersededBy: null, Uses: 0, LastUsedAt: null, characters, ruling.Asked, ruling.Content);
    }

    public static Task<RulingRecord?> FindAsync(Reading reading, long ruling, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {RulingRecord.Columns} FROM rulings WHERE ruling_id = @ruling")
            .With("@ruling", ruling)
            .FirstAsync(RulingRecord.From, cancellationToken);

    /// <summary>A ruling, or what has its place by now.</summary>
    public static async Task<RulingRecord?> HolderAsync(Reading reading, long ruling, CancellationToken cancellationToken)
    {
        var found = await FindAsync(reading, ruling, cancellationToken);
        while (found is { State: RulingState.Superseded, SupersededBy: { } next })
            found = await FindAsync(reading, next, cancellationToken);
        return found;
    }

    /// <summary>What a message of the operator is.</summary>
    public static Task<RulingRecord?> OfMessageAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {RulingRecord.Columns}
            FROM rulings
            WHERE conversation_id = @conversation AND message_id = @message AND message_id IS NOT NULL
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .FirstAsync(RulingRecord.From, cancellationToken);

    /// <summary>What answered a question, the newest first: an answer that was given up is one, too.</summary>
    public static Task<List<RulingRecord>> OfQuestionAsync(Reading reading, long question, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {RulingRecord.Columns}
            FROM rulings
            WHERE question_id = @question AND question_id IS NOT NULL
            ORDER BY ruling_id DESC
            """)
            .With("@question", question)
            .ListAsync(RulingRecord.From, cancellationToken);

    /// <summary>Those in force, oldest first.</summary>
    public static Task<List<RulingRecord>> StandingAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {RulingRecord.Columns} FROM rulings WHERE {IsStanding} AND scope <> 'once' ORDER BY ruling_id")
            .ListAsync(RulingRecord.From, cancellationToken);

    /// <summary>The newest first, in force or not.</summary>
    public static Task<List<RulingRecord>> NewestAsync(Reading reading, int limit, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {RulingRecord.Columns} FROM rulings ORDER BY ruling_id DESC LIMIT @limit")
            .With("@limit", limit)
            .ListAsync(RulingRecord.From, cancellationToken);

    /// <summary>Those for all conversations that came after a number, each with its own.</summary>
    public static Task<List<(long Number, RulingRecord Ruling)>> ForAllSinceAsync(
        Reading reading, long told, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {RulingRecord.Columns}, always_number
            FROM rulings
            WHERE {IsStanding} AND scope = 'always' AND always_number > @told
            ORDER BY always_number
            """)
            .With("@told", told)
            .ListAsync(
                row =>
                {
                    var ruling = RulingRecord.From(row);
                    return (row.Number(), ruling);
                },
                cancellationToken);

    /// <summary>How long those in force are, of each conversation and scope.</summary>
    public static async Task<List<RulingSize>> SizesAsync(Reading reading, CancellationToken cancellationToken) =>
        await reading.Sql(
            $"""
            SELECT conversation_id, scope, COUNT(*), CAST(SUM(characters) AS BIGINT)
            FROM rulings
            WHERE {IsStanding} AND scope <> 'once'
            GROUP BY conversation_id, scope
            """)
            .ListAsync(
                row => new RulingSize(new ConversationId(row.Text()), row.Word<RulingScope>(), row.Number(), row.Number()),
                cancellationToken);

    /// <summary>False when it is not in force any more.</summary>
    public static async Task<bool> SetScopeAsync(
        Writing writing, RulingRecord ruling, RulingScope scope, CancellationToken cancellationToken)
    {
        long? always = scope == RulingScope.Always
            ? await CounterStore.NextAsync(writing, CounterStore.RulingsForAll, cancellationToken)
            : null;
        writing.Wake(Topic.Rulings);
        return await writing.Sql(
            """
            UPDATE rulings
            SET scope = @scope, always_number = @always
            WHERE ruling_id = @ruling AND state = 'standing'
            """)
            .With("@ruling", ruling.Id).With("@scope", scope.Word()).With("@always", always)
            .ExecuteAsync(cancellationToken) > 0;
    }

    /// <summary>False when it was not in force any more.</summary>
    /// <param name="writing">Where it is recorded.</param>
    /// <param name="ruling">Which.</param>
    /// <param name="why">As it is told.</param>
    /// <param name="by">The ruling that has its place; null when it is retired.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<bool> EndAsync(
        Writing writing, RulingRecord ruling, string why, long? by, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Rulings);
        var state = by is null ? RulingState.Retired : RulingState.Superseded;
        return await writing.Sql(
            """
            UPDATE rulings
            SET state = @state, ended_at = @now, ended_why = @why, superseded_by = @by
            WHERE ruling_id = @ruling AND state = 'standing'
            """)
            .With("@ruling", ruling.Id).With("@state", state.Word()).With("@now", writing.UnixNow).With("@why", why).With("@by", by)
            .ExecuteAsync(cancellationToken) > 0;
    }

    /// <summary>What had its place never counted. One for all is told to the conversations anew.</summary>
    public static async Task ReinstateAsync(Writing writing, RulingRecord ruling, CancellationToken cancellationToken)
    {
        long? always = ruling.Scope == RulingScope.Always
            ? await CounterStore.NextAsync(writing, CounterStore.RulingsForAll, cancellationToken)
            : null;
        writing.Wake(Topic.Rulings);
        await writing.Sql(
            """
            UPDATE rulings
            SET state = 'standing', ended_at = NULL, ended_why = NULL, superseded_by = NULL, always_number = @always
            WHERE ruling_id = @ruling AND state = 'superseded'
            """)
            .With("@ruling", ruling.Id).With("@always", always)
            .ExecuteAsync(cancellationToken);
    }

    public static Task UsedAsync(Writing writing, RulingRecord ruling, CancellationToken cancellationToken)
    {
        writing.Wake(Topic.Rulings);
        return writing.Sql("UPDATE rulings SET uses = uses + 1, last_used_at = @now WHERE ruling_id = @ruling")
            .With("@ruling", ruling.Id).With("@now", writing.UnixNow)
            .ExecuteAsync(cancellationToken);
    }
}

/// <summary>How many rulings of a scope a conversation has made that are in force, and their length.</summary>
internal sealed record RulingSize(ConversationId Conversation, RulingScope Scope, long Count, long Characters);
