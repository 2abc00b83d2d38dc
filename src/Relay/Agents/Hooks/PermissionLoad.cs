using Relay.Conversations;
using Relay.Operator;
using Relay.Storage;

namespace Relay.Agents.Hooks;

/// <summary>How many permissions, choices and plans the operator is asked for. A request that its client gave up was a page as well, so
/// for a while it counts until the operator answers one: otherwise one that asks and hangs up could make any number.</summary>
/// <param name="Open">Those of the session that are open.</param>
/// <param name="Unanswered">Those of the session that nobody has answered lately, open ones too.</param>
/// <param name="AllOpen">Those of all sessions that are open.</param>
/// <param name="AllUnanswered">Those of all sessions that nobody has answered lately.</param>
internal sealed record PermissionLoad(int Open, int Unanswered, int AllOpen, int AllUnanswered)
{
    /// <summary>Of all sessions together.</summary>
    private const int MostOpen = 20, MostUnanswered = 60;

    /// <summary>How many times as many as may be open may lately have been given up.</summary>
    private const int Patience = 3;

    private static readonly TimeSpan Lately = TimeSpan.FromMinutes(10);

    public bool IsEmpty => AllUnanswered == 0;

    public bool IsFull(int most) =>
        Open >= most || Unanswered >= Patience * most || AllOpen >= MostOpen || AllUnanswered >= MostUnanswered;

    public static async Task<PermissionLoad> OfAsync(Reading reading, SessionId session, CancellationToken cancellationToken)
    {
        var open = (await QuestionStore.OpenAsync(reading, cancellationToken)).FindAll(IsOfClient);
        var newest = (await QuestionStore.NewestAsync(reading, MostUnanswered, cancellationToken)).FindAll(IsOfClient);
        var answered = newest.FindAll(question => question.State == QuestionState.Answered);
        var expired = newest.FindAll(question => question.State == QuestionState.Expired
            && question.AnsweredAt > reading.Now - Lately && question.AnsweredAt <= reading.Now
            && !answered.Exists(later => later.Session == question.Session && later.AnsweredAt >= question.AnsweredAt));
        var mine = open.Count(question => question.Session == session);
        return new PermissionLoad(
            mine, mine + expired.Count(question => question.Session == session), open.Count, open.Count + expired.Count);
    }

    private static bool IsOfClient(Question question) => question.IsOfClient;
}
