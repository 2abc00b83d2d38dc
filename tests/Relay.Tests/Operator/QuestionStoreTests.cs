using Relay.Conversations;
using Relay.Operator;
using Relay.Storage;
using Relay.Tests.Testing;
using Xunit;

namespace Relay.Tests.Operator;

public sealed class SqliteQuestionStoreTests() : QuestionStoreTests(SqlDialect.Sqlite.Name);

public sealed class PostgresQuestionStoreTests() : QuestionStoreTests(SqlDialect.Postgres.Name);

/// <summary>One question is open in a conversation, and its first answer stands.</summary>
public abstract class QuestionStoreTests(string kind) : StoreTests(kind)
{
    [Fact]
    public async Task A_conversation_has_one_question_open_and_waits_for_it()
    {
        var first = await OpenAsync(Ask());

        await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(Ask()));

        Assert.Equal(first, await WaitsForAsync(Default));
        Assert.Equal([first], (await OpenOnesAsync()).Select(question => question.Id));
        var second = await OpenAsync(Ask() with { Conversation = Other });
        Assert.Equal(first + 1, second); // What was refused took no number.
    }

    [Fact]
    public async Task Many_questions_at_once_leave_one_open_and_the_others_unasked()
    {
        var asked = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            try
            {
                return await Task.Run(() => OpenAsync(Ask()));
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }));

        Assert.Single(asked, number => number != 0);
        Assert.Single(await OpenOnesAsync());
    }

    [Fact]
    public async Task Nobodys_conversation_waits_for_a_permission()
    {
        var permissions = await AtOnceAsync(
            5, async (writing, _) => (await QuestionStore.OpenAsync(writing, Permission(), CancellationToken)).Id);
        var question = await OpenAsync(Ask());

        Assert.Equal(question, await WaitsForAsync(Default));
        Assert.Equal(permissions.Append(question).Order(), (await OpenOnesAsync()).Select(each => each.Id));
        Assert.True(await CloseAsync(await FindQuestionAsync(permissions[0]), "deny"));
        Assert.Equal(question, await WaitsForAsync(Default));
    }

    [Fact]
    public async Task A_question_is_asked_as_it_stands_here()
    {
        var message = await SayAsync(One);
        var id = await OpenAsync(Ask() with { Message = message, Text = Unusual, Kind = QuestionKind.Refusal });

        var expected = new Question(
            id, Default, message, One, QuestionKind.Refusal, Unusual, QuestionState.Open, AskedAt: Now,
            AnsweredAt: null, AnsweredVia: null, Answer: null);
        Assert.Equal(expected, await FindQuestionAsync(id));
        Assert.Null(await ReadAsync(reading => QuestionStore.FindAsync(reading, id + 1, CancellationToken)));
    }

    [Fact]
    public async Task Of_all_answers_the_first_one_stands_and_the_conversation_goes_on()
    {
        var question = await FindQuestionAsync(await OpenAsync(Ask()));
        Clock.Advance(TimeSpan.FromMinutes(1));

        var first = await AtOnceAsync(10, (writing, writer) =>
        {
            var answer = new Answer($"way {writer}", Unusual, Message: null);
            return QuestionStore.CloseAsync(writing, question, answer, CancellationToken);
        });

        var closed = await FindQuestionAsync(question.Id);
        Assert.Single(first, true);
        Assert.Equal((false, Now), (closed.IsOpen, closed.AnsweredAt));
        Assert.Equal(($"way {Array.IndexOf(first, true)}", Unusual), (closed.AnsweredVia, closed.Answer));
        Assert.Null(await WaitsForAsync(Default));
        Assert.Empty(await OpenOnesAsync());
        await OpenAsync(Ask());
    }

    [Fact]
    public async Task A_permission_nobody_waits_for_takes_no_answer_and_an_answered_one_does_not_run_out()
    {
        var expired = await FindQuestionAsync(await OpenAsync(Permission()));
        var answered = await FindQuestionAsync(await OpenAsync(Permission()));
        await CloseAsync(answered, "allow");

        await ExpireAsync(expired);
        await ExpireAsync(answered);

        Assert.False(await CloseAsync(expired, "allow"));
        var late = await FindQuestionAsync(expired.Id);
        Assert.Equal((false, "nobody", null), (late.IsOpen, late.AnsweredVia, late.Answer));
        Assert.Equal("allow", (await FindQuestionAsync(answered.Id)).Answer);
    }

    [Fact]
    public async Task A_question_is_found_by_the_message_that_raised_it_and_by_the_one_that_answered_it()
    {
        var raiser = await SayAsync(One);
        var first = await FindQuestionAsync(await OpenAsync(Ask() with { Message = raiser }));
        var answer = await RuleAsync("left", raiser);
        await CloseAsync(first, "left", answer);
        var second = await OpenAsync(Ask() with { Message = raiser, Text = "And then?" });

        Assert.Equal([first.Id, second], (await OfAsync(raiser)).Select(question => question.Id));
        Assert.Empty(await OfAsync(answer));
        Assert.Equal(first.Id, (await AnsweredByAsync(answer))!.Id);
        Assert.Null(await AnsweredByAsync(raiser));
    }

    [Fact]
    public async Task The_answer_given_last_is_the_newest_whatever_was_asked_last()
    {
        var older = await FindQuestionAsync(await OpenAsync(Ask()));
        var newer = await FindQuestionAsync(await OpenAsync(Ask() with { Conversation = Other }));
        Assert.Null(await NewestAnsweredAsync());
        await CloseAsync(newer, "first");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await CloseAsync(older, "second");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await CloseAsync(await FindQuestionAsync(await OpenAsync(Permission())), "allow");

        Assert.Equal(older.Id, (await NewestAnsweredAsync())!.Id);
        Assert.Equal([3L, 2L], (await NewestAsync(2)).Select(question => question.Id));
    }

    private static NewQuestion Ask() => new(Default, new MessageId("raiser"), One, QuestionKind.Escalation, "Left or right?");

    private static NewQuestion Permission() => new(Default, Message: null, One, QuestionKind.Permission, "May it?");

    private Task<long> OpenAsync(NewQuestion question) =>
        WriteAsync(async writing => (await QuestionStore.OpenAsync(writing, question, CancellationToken)).Id);

    private Task<bool> CloseAsync(Question question, string answer, MessageId? message = null) =>
        WriteAsync(writing => QuestionStore.CloseAsync(writing, question, new Answer("the test", answer, message), CancellationToken));

    private Task ExpireAsync(Question question) =>
        WriteAsync(writing => QuestionStore.ExpireAsync(writing, question, "nobody", CancellationToken));

    private async Task<Question> FindQuestionAsync(long id) =>
        (await ReadAsync(reading => QuestionStore.FindAsync(reading, id, CancellationToken)))!;

    private Task<List<Question>> OpenOnesAsync() => ReadAsync(reading => QuestionStore.OpenAsync(reading, CancellationToken));

    private Task<List<Question>> OfAsync(MessageId message) =>
        ReadAsync(reading => QuestionStore.OfAsync(reading, Default, message, CancellationToken));

    private Task<Question?> AnsweredByAsync(MessageId answer) =>
        ReadAsync(reading => QuestionStore.AnsweredByAsync(reading, Default, answer, CancellationToken));

    private Task<Question?> NewestAnsweredAsync() => ReadAsync(reading => QuestionStore.NewestAnsweredAsync(reading, CancellationToken));

    private Task<List<Question>> NewestAsync(int limit) =>
        ReadAsync(reading => QuestionStore.NewestAsync(reading, limit, CancellationToken));

    private async Task<long?> WaitsForAsync(ConversationId conversation) =>
        (await ReadAsync(reading => ConversationStore.FindAsync(reading, conversation, CancellationToken)))!.OpenQuestion;
}
