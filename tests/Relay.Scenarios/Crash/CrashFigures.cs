using Relay.Loopback;
using Relay.Scenarios.Harness;

namespace Relay.Scenarios.Crash;

/// <summary>Counts what the sessions, the stand-ins and the database hold after the last run.</summary>
internal sealed record CrashFigures
{
    public required int Lost { get; init; }
    public required int PlacedTwice { get; init; }
    public required int OutOfOrder { get; init; }
    public required int UserTurnsTwice { get; init; }
    public required int BlocksTwice { get; init; }
    public required int RequestsWithoutRow { get; init; }
    public required long PerhapsPaidTwice { get; init; }
    public required long Unfinished { get; init; }
    public required long Questions { get; init; }
    public required long QuestionsNotAnsweredOnce { get; init; }
    public required int PagesAfterAnswer { get; init; }
    public required int Summaries { get; init; }

    public static async Task<CrashFigures> CountAsync(
        ScenarioHome home,
        CrashTalk talk,
        LoopbackMessagesApi api,
        LoopbackNtfy ntfy,
        CancellationToken cancellationToken) => new()
        {
            Lost = talk.Said.Sum(each => each.Value.Except(Tags(each.Key)).Count()),
            PlacedTwice = talk.Said.Sum(each => Tags(each.Key).Count - Tags(each.Key).Distinct().Count()),
            OutOfOrder = talk.Said.Count(each => !each.Value.Intersect(Tags(each.Key)).SequenceEqual(Tags(each.Key).Distinct())),
            UserTurnsTwice = await UserTurnsTwiceAsync(home, cancellationToken),
            BlocksTwice = api.Requests.Sum(BlocksTwiceIn),
            RequestsWithoutRow = await RequestsWithoutRowAsync(home, api, cancellationToken),
            PerhapsPaidTwice = await home.CountAsync("SELECT COUNT(*) FROM calls WHERE state = 'lost'", cancellationToken),
            Unfinished = await home.CountAsync(
                """
                SELECT
                    (SELECT COUNT(*) FROM messages WHERE state NOT IN ('consumed', 'answered'))
                    + (SELECT COUNT(*) FROM messages WHERE speaker = 'session' AND state <> 'answered')
                    + (SELECT COUNT(*) FROM dispatches WHERE state <> 'consumed')
                    + (SELECT COUNT(*) FROM calls WHERE state = 'started')
                """,
                cancellationToken),
            Questions = await home.CountAsync("SELECT COUNT(*) FROM questions", cancellationToken),
            QuestionsNotAnsweredOnce = await home.CountAsync(
                """
                SELECT COUNT(*)
                FROM questions q
                WHERE q.state <> 'answered' OR 1 <> (
                    SELECT COUNT(*)
                    FROM messages m
                    JOIN entries e ON e.conversation_id = m.conversation_id AND e.message_id = m.message_id AND e.role = 'user'
                    WHERE m.conversation_id = q.conversation_id AND m.origin_id = q.message_id)
                """,
                cancellationToken),
            PagesAfterAnswer = await PagesAfterAnswerAsync(home, ntfy, talk.Lives, cancellationToken),
            Summaries = (int)await home.CountAsync("SELECT COUNT(*) FROM entries WHERE role = 'summary'", cancellationToken),
        };

    private static List<string> Tags(Session session) => session.Received.Select(reply => EchoingAdvisor.TagOf(reply.Text)).ToList();

    /// <summary>Compares the texts. The ids of messages would always differ, because the database keeps them unique.</summary>
    private static async Task<int> UserTurnsTwiceAsync(ScenarioHome home, CancellationToken cancellationToken)
    {
        const string sql = "SELECT content FROM entries WHERE role = 'user'";
        var turns = await home.QueryAsync(sql, row => row.Text(), cancellationToken);
        return turns.Count - turns.Distinct().Count();
    }

    private static int BlocksTwiceIn(AdvisorRequest request)
    {
        var blocks = request.Blocks
            .Where(block => block.Section == PromptSection.Messages)
            .Select(block => (block.Role, block.Text))
            .ToList();
        return blocks.Count - blocks.Distinct().Count();
    }

    /// <summary>How many requests reached the API without a row in the ledger.
    /// Compares the two for each message, and for all summaries together.</summary>
    private static async Task<int> RequestsWithoutRowAsync(ScenarioHome home, LoopbackMessagesApi api, CancellationToken cancellationToken)
    {
        var rows = await home.QueryAsync(
            """
            SELECT COALESCE(m.content, 'summary') AS asked
            FROM calls c
            LEFT JOIN messages m ON m.conversation_id = c.conversation_id AND m.message_id = c.message_id
            """,
            row => EchoingAdvisor.TagOf(row.Text()), cancellationToken);
        var rowsPerTag = rows.CountBy(tag => tag).ToDictionary();
        return api.Requests
            .CountBy(request => EchoingAdvisor.AsksForSummary(request) ? "" : EchoingAdvisor.TagOf(EchoingAdvisor.LastBlock(request)))
            .Sum(requests => Math.Max(0, requests.Value - rowsPerTag.GetValueOrDefault(requests.Key)));
    }

    /// <summary>(1) A page may be on its way when the answer is taken, and anybody may stand still meanwhile. (2) A life that began after
    /// the answer has no page on its way.</summary>
    private static async Task<int> PagesAfterAnswerAsync(
        ScenarioHome home, LoopbackNtfy ntfy, List<DateTimeOffset> lives, CancellationToken cancellationToken)
    {
        TimeSpan onItsWay = TimeSpan.FromSeconds(5), fastestStart = TimeSpan.FromMilliseconds(100);
        var rows = await home.QueryAsync(
            "SELECT question_id, answered_at FROM questions WHERE state = 'answered'",
            row => (Question: row.Number(), At: row.Time()),
            cancellationToken);
        var answered = rows.ToDictionary(row => row.Question, row => row.At);
        return ntfy.Pages.Count(page =>
            OperatorAtPhone.QuestionOf(page) is { } question
            && answered.TryGetValue(question, out var at)
            && (page.ArrivedAt > at + onItsWay // (1)
                || lives.Exists(life => life > at && page.ArrivedAt > life + fastestStart))); // (2)
    }
}
