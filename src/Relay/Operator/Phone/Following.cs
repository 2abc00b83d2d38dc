using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Follows the pages of questions: (1) one that is closed gets its receipt, in place of the page; (2) one that is open climbs the
/// ladder. What was done stands in the page's row, so that a restart changes nothing.</summary>
internal sealed partial class Following(Database database, SettingsSource settings, ILogger<Following> log) : ILoop
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30), Shortest = TimeSpan.FromSeconds(2);

    /// <summary>A page that was on its way when its question was closed has reached the phone by then, or never will.</summary>
    private static readonly TimeSpan UnderWay = TimeSpan.FromMinutes(1);

    /// <summary>What the session has not taken until then is shown elsewhere.</summary>
    private static readonly TimeSpan LongestReceipt = TimeSpan.FromDays(1);

    public string Name => "following the pages of questions";

    public Topic? WakesOn => Topic.Questions;

    public TimeSpan Poll { get; private set; } = Longest;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        Poll = Longest;
        foreach (var page in await database.ReadAsync(reading => PageStore.FollowedAsync(reading, cancellationToken), cancellationToken))
            if (page.Cause.QuestionNumber is not { } number)
                await LeaveAsync(page, cancellationToken);
            else if (page.ClearedAt is not null)
                await ReceiptAsync(page, number, cancellationToken); // (1)
            else
                await ClimbAsync(page, number, cancellationToken); // (2)
        return 0;
    }

    private async Task ReceiptAsync(FollowedPage page, long number, CancellationToken cancellationToken)
    {
        var age = (database.Clock.GetUtcNow() - page.ClearedAt!.Value).Duration();
        Poll = Shortest;
        if (age > LongestReceipt || (page.SentAt is null && age > UnderWay))
        {
            await LeaveAsync(page, cancellationToken);
            return;
        }
        if (page.SentAt is null)
            return;
        var receipt = await database.ReadAsync(
            async reading => await QuestionStore.FindAsync(reading, number, cancellationToken) is { } question
                ? await QuestionReceipt.OfAsync(reading, question, cancellationToken)
                : null,
            cancellationToken);
        if (receipt is not { IsFinal: false } || receipt.Text != page.Receipt)
            await database.WriteAsync(writing => RecordAsync(writing, page, receipt, cancellationToken), cancellationToken);
    }

    private static async Task RecordAsync(
        Writing writing, FollowedPage page, QuestionReceipt? receipt, CancellationToken cancellationToken)
    {
        if (receipt is not null && receipt.Text != page.Receipt)
        {
            await PageStore.ReceiptAsync(writing, page.Id, (receipt.Title, receipt.Text), cancellationToken);
            await PageStore.RepeatSecondAsync(writing, page.Id, cancellationToken);
        }
        if (receipt is not { IsFinal: false })
            await PageStore.LeaveAsync(writing, page.Id, cancellationToken);
    }

    private async Task ClimbAsync(FollowedPage page, long number, CancellationToken cancellationToken)
    {
        var (phone, now) = (settings.Current.Config.Phone, database.Clock.GetUtcNow());
        if (phone.Quiet?.Silences(page.Priority, now, database.Clock) == true)
            return;
        var step = page.QuietUntil is null && page.SentAt is { } sent && phone.Quiet?.Silences(page.Priority, sent, database.Clock) == true
            ? new Ladder.Again(page.Step, NewButtons: false) // It made no noise in the night.
            : Ladder.Next(page, phone.RemindAfter, phone.SecondWays.Count > 0, now);
        if (step is Ladder.Wait wait)
            Poll = wait.For < Poll ? wait.For : Poll;
        else
            await database.WriteAsync(writing => StepAsync(writing, page, (number, step), cancellationToken), cancellationToken);
    }

    private async Task StepAsync(
        Writing writing, FollowedPage page, (long Question, Ladder Step) next, CancellationToken cancellationToken)
    {
        if (next.Step is Ladder.Again again)
        {
            await PageStore.AgainAsync(writing, page.Id, again.Step, again.NewButtons, cancellationToken);
            writing.OnceCommitted(() => LogAgain(next.Question, again.Step));
            return;
        }
        var ways = settings.Current.Config.Phone.SecondWays.Select(way => way.Name);
        await PageStore.QueueSecondAsync(writing, page.Id, ways, again: true, cancellationToken);
        await PageStore.SteppedAsync(writing, page.Id, page.Step + 1, cancellationToken);
        writing.OnceCommitted(() => LogSecond(next.Question));
    }

    private Task LeaveAsync(FollowedPage page, CancellationToken cancellationToken) =>
        database.WriteAsync(writing => PageStore.LeaveAsync(writing, page.Id, cancellationToken), cancellationToken);

    [LoggerMessage(LogLevel.Information, "Question {Question} is paged again, step {Step}")]
    private partial void LogAgain(long question, int step);

    [LoggerMessage(LogLevel.Information, "Question {Question} goes by the second ways")]
    private partial void LogSecond(long question);
}
