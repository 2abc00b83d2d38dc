using System.Globalization;
using Relay.Conversations;
using Relay.Operator.Asked;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator;

/// <summary>A question that has no number yet.</summary>
/// <param name="Conversation">The conversation that waits for the answer, unless a client asks.</param>
/// <param name="Message">The session's message that led to the question; null where a client asks.</param>
/// <param name="Session">The session for which the question is asked.</param>
/// <param name="Kind">What the question is about.</param>
/// <param name="Text">What the operator reads.</param>
internal sealed record NewQuestion(ConversationId Conversation, MessageId? Message, SessionId Session, QuestionKind Kind, string Text)
{
    /// <summary>The structure of what a client asks.</summary>
    public ClientAsk? Asked { get; init; }

    public Escalation Escalation { get; init; } = Escalation.Plain;

    /// <summary>The ruling whose place the answer takes.</summary>
    public long? Overturns { get; init; }
}

/// <summary>The answer that closes a question.</summary>
/// <param name="Via">How it came.</param>
/// <param name="Text">The text, unchanged.</param>
/// <param name="Message">The message to the advisor that holds it; null when the advisor does not get it.</param>
internal sealed record Answer(string Via, string Text, MessageId? Message)
{
    /// <summary>What the text comes to, where a client asks.</summary>
    public Decision? Decision { get; init; }

    /// <summary>The key of the option that it names.</summary>
    public string? Chosen { get; init; }

    /// <summary>Nobody gave it: the default was taken.</summary>
    public bool ByDefault { get; init; }
}

/// <summary>Reads and writes the questions. Apart from what clients ask, a conversation has at most one open question, for it
/// waits.</summary>
internal static class QuestionStore
{
    public static async Task<Question> OpenAsync(Writing writing, NewQuestion question, CancellationToken cancellationToken)
    {
        var id = await CounterStore.NextAsync(writing, CounterStore.Questions, cancellationToken);
        var asked = question.Escalation;
        var deadline = writing.Now + asked.By;
        await writing.Sql(
            """
            INSERT INTO questions (
                conversation_id, question_id, message_id, session_id, kind, text, state, asked_at,
                asked, options, deadline, default_option, overturns)
            VALUES (@conversation, @id, @message, @session, @kind, @text, 'open', @now, @asked, @options, @deadline, @default, @overturns)
            """)
            .With("@conversation", question.Conversation.Value).With("@id", id).With("@message", question.Message?.Value)
            .With("@session", question.Session.Value).With("@kind", question.Kind.Word()).With("@text", question.Text)
            .With("@now", writing.UnixNow).With("@asked", question.Asked?.ToJson()).With("@options", asked.OptionsJson())
            .With("@deadline", deadline?.ToUnixTimeMilliseconds()).With("@default", asked.Default).With("@overturns", question.Overturns)
            .ExecuteAsync(cancellationToken);
        var opened = new Question(
            id, question.Conversation, question.Message, question.Session, question.Kind, question.Text,
            QuestionState.Open, writing.Now, AnsweredAt: null, AnsweredVia: null, Answer: null)
        {
            Asked = question.Asked?.ToJson(),
            OptionsJson = asked.OptionsJson(),
            Deadline = deadline,
            DefaultOption = asked.Default,
            Overturns = question.Overturns,
        };
        if (!opened.IsOfClient)
            await ConversationStore.WaitForAsync(writing, question.Conversation, id, cancellationToken);
        writing.Wake(Topic.Questions, Key(id));
        return opened;
    }

    /// <summary>False when another answer was first.</summary>
    public static async Task<bool> CloseAsync(Writing writing, Question question, Answer answer, CancellationToken cancellationToken)
    {
        var closed = await writing.Sql(
            """
            UPDATE questions
            SET state = 'answered', answered_at = @now, answered_via = @via, answer = @answer, answer_message_id = @message,
                decision = @decision, chosen = @chosen, by_default = @defaulted
            WHERE conversation_id = @conversation AND question_id = @question AND state = 'open'
            """)
            .With("@conversation", question.Conversation.Value).With("@question", question.Id).With("@now", writing.UnixNow)
            .With("@via", answer.Via).With("@answer", answer.Text).With("@message", answer.Message?.Value)
            .With("@decision", answer.Decision?.ToJson()).With("@chosen", answer.Chosen).With("@defaulted", answer.ByDefault ? 1 : 0)
            .ExecuteAsync(cancellationToken);
        if (closed == 0)
            return false;
        await ConversationStore.GoOnAsync(writing, question.Conversation, question.Id, cancellationToken);
        writing.Wake(Topic.Questions, Key(question.Id));
        writing.Wake(Topic.Turns, question.Conversation.Value);
        return true;
    }

    /// <summary>The answer was given up before the advisor took it: the question waits for another, for however long.</summary>
    /// <returns>The question as it is now.</returns>
    public static async Task<Question> ReopenAsync(Writing writing, Question question, CancellationToken cancellationToken)
    {
        await writing.Sql(
            """
            UPDATE questions
            SET state = 'open', answered_at = NULL, answered_via = NULL, answer = NULL, answer_message_id = NULL, chosen = NULL,
                by_default = 0, default_option = NULL
            WHERE conversation_id = @conversation AND question_id = @question
            """)
            .With("@conversation", question.Conversation.Value).With("@question", question.Id)
            .ExecuteAsync(cancellationToken);
        await ConversationStore.WaitForAsync(writing, question.Conversation, question.Id, cancellationToken);
        writing.Wake(Topic.Questions, Key(question.Id));
        writing.Wake(Topic.Turns, question.Conversation.Value);
        return question.Reopened();
    }

    /// <summary>The clock was set: the answer is waited for as long as before.</summary>
    public static Task FollowClockAsync(Writing writing, TimeSpan step, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE questions SET deadline = deadline + @step WHERE state = 'open' AND deadline IS NOT NULL")
            .With("@step", (long)step.TotalMilliseconds)
            .ExecuteAsync(cancellationToken);

    /// <summary>What was done without an answer was not right, and the operator is asked.</summary>
    public static Task OverturnAsync(Writing writing, Question question, long by, CancellationToken cancellationToken) =>
        writing.Sql("UPDATE questions SET overturned_by = @by WHERE conversation_id = @conversation AND question_id = @question")
            .With("@conversation", question.Conversation.Value).With("@question", question.Id).With("@by", by)
            .ExecuteAsync(cancellationToken);

    /// <summary>Closes a question for whose answer nobody waits any more, unless it was answered.</summary>
    public static async Task ExpireAsync(Writing writing, Question question, string why, CancellationToken cancellationToken)
    {
        await writing.Sql(
            """
            UPDATE questions
            SET state = 'expired', answered_at = @now, answered_via = @why
            WHERE conversation_id = @conversation AND question_id = @question AND state = 'open'
            """)
            .With("@conversation", question.Conversation.Value).With("@question", question.Id)
            .With("@now", writing.UnixNow).With("@why", why)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Questions, Key(question.Id));
    }

    /// <summary>The answer came to nothing, though it was taken: it is kept, and the question counts as expired. False where it was not
    /// answered.</summary>
    public static async Task<bool> TakeBackAsync(Writing writing, Question question, string why, CancellationToken cancellationToken)
    {
        var changed = await writing.Sql(
            """
            UPDATE questions
            SET state = 'expired', answered_via = @why
            WHERE conversation_id = @conversation AND question_id = @question AND state = 'answered'
            """)
            .With("@conversation", question.Conversation.Value).With("@question", question.Id).With("@why", why)
            .ExecuteAsync(cancellationToken);
        writing.Wake(Topic.Questions, Key(question.Id));
        return changed > 0;
    }

    /// <summary>The key under which changes of one question are published.</summary>
    public static string Key(long question) => question.ToString(CultureInfo.InvariantCulture);

    public static Task<List<Question>> OpenAsync(Reading reading, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE state = 'open'
            ORDER BY question_id
            """)
            .ListAsync(Question.From, cancellationToken);

    /// <summary>The questions that were open at a time and are closed now. What clients ask is closed within minutes and looked for
    /// among the newest.</summary>
    public static async Task<List<Question>> ClosedSinceAsync(
        Reading reading, DateTimeOffset time, CancellationToken cancellationToken)
    {
        var closed = await reading.Sql(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE state = 'answered' AND message_id IS NOT NULL AND answered_at > @time AND answered_at <= @now
            ORDER BY answered_at DESC
            LIMIT 50
            """)
            .With("@time", time.ToUnixTimeMilliseconds()).With("@now", reading.UnixNow)
            .ListAsync(Question.From, cancellationToken);
        var newest = await NewestAsync(reading, 50, cancellationToken);
        closed.AddRange(newest.FindAll(question => question is { IsOpen: false, IsOfClient: true }
            && question.AnsweredAt > time && question.AnsweredAt <= reading.Now));
        return closed.FindAll(question => question.WasAskedBefore(time, reading.Now));
    }

    /// <summary>Whether the operator was asked for a session, and has not answered.</summary>
    public static async Task<bool> HasOpenAsync(Reading reading, SessionId session, CancellationToken cancellationToken) =>
        await reading.Sql("SELECT 1 FROM questions WHERE state = 'open' AND session_id = @session LIMIT 1")
            .With("@session", session.Value)
            .NumberOrNullAsync(cancellationToken) is not null;

    public static Task<Question?> FindAsync(Reading reading, long question, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE question_id = @question
            """)
            .With("@question", question)
            .FirstAsync(Question.From, cancellationToken);

    /// <summary>The question that a message of the operator answered; null when it answered none.</summary>
    public static Task<Question?> AnsweredByAsync(
        Reading reading, ConversationId conversation, MessageId answer, CancellationToken cancellationToken) =>
        // The numbers come from the index alone. For whole rows SQLite takes the primary key and reads all of the conversation's.
        reading.Sql(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE conversation_id = @conversation AND question_id IN (
                SELECT question_id
                FROM questions
                WHERE conversation_id = @conversation AND answer_message_id = @message AND answer_message_id IS NOT NULL)
            """)
            .With("@conversation", conversation.Value).With("@message", answer.Value)
            .FirstAsync(Question.From, cancellationToken);

    /// <summary>The questions that were asked because of a message, oldest first.</summary>
    public static Task<List<Question>> OfAsync(
        Reading reading, ConversationId conversation, MessageId message, CancellationToken cancellationToken) =>
        // The numbers come from the index alone. For whole rows SQLite takes the primary key and reads all of the conversation's.
        reading.Sql(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE conversation_id = @conversation AND question_id IN (
                SELECT question_id
                FROM questions
                WHERE conversation_id = @conversation AND message_id = @message AND message_id IS NOT NULL)
            ORDER BY question_id
            """)
            .With("@conversation", conversation.Value).With("@message", message.Value)
            .ListAsync(Question.From, cancellationToken);

    public static async Task<Question?> NewestAnsweredAsync(Reading reading, CancellationToken cancellationToken) =>
        (await AnsweredAfterAsync(reading, DateTimeOffset.UnixEpoch, 1, cancellationToken)).FirstOrDefault();

    /// <summary>What the advisor asked and was answered after a time, the newest answer first.</summary>
    public static Task<List<Question>> AnsweredAfterAsync(
        Reading reading, DateTimeOffset time, int limit, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Question.Columns}
            FROM questions
            WHERE state = 'answered' AND message_id IS NOT NULL AND answered_at > @time
            ORDER BY answered_at DESC
            LIMIT @limit
            """)
            .With("@time", time.ToUnixTimeMilliseconds()).With("@limit", limit)
            .ListAsync(Question.From, cancellationToken);

    /// <summary>What was answered since a time, by the operator or by a default, and how long it took.</summary>
    public static Task<AnsweredQuestions> AnsweredSinceAsync(
        Reading reading, DateTimeOffset since, CancellationToken cancellationToken) =>
        reading.Sql(
            """
            SELECT
                COUNT(*), CAST(COALESCE(SUM(by_default), 0) AS BIGINT),
                CAST(COALESCE(SUM(answered_at - asked_at), 0) AS BIGINT), COALESCE(MAX(answered_at - asked_at), 0)
            FROM questions
            WHERE state = 'answered' AND kind <> 'permission' AND message_id IS NOT NULL AND answered_at >= @since
              AND answered_at >= asked_at
            """)
            .With("@since", since.ToUnixTimeMilliseconds())
            .OnlyAsync(
                row => new AnsweredQuestions(
                    row.Number(), row.Number(), TimeSpan.FromMilliseconds(row.Number()), TimeSpan.FromMilliseconds(row.Number())),
                cancellationToken);

    /// <summary>The newest questions first, answered or not.</summary>
    public static Task<List<Question>> NewestAsync(Reading reading, int limit, CancellationToken cancellationToken) =>
        reading.Sql(
            $"""
            SELECT {Question.Columns}
            FROM questions
            ORDER BY question_id DESC
            LIMIT @limit
            """)
            .With("@limit", limit)
            .ListAsync(Question.From, cancellationToken);
}

/// <summary>How many were answered, how many of those by default, and how long they held their conversations up together and at most.
/// </summary>
internal sealed record AnsweredQuestions(long Count, long ByDefault, TimeSpan Blocked, TimeSpan Longest);
