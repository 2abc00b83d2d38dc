using System.Globalization;
using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Follows the pages of questions: (1) one that is closed gets its receipt, in place of the page; (2) one that is open climbs the
/// ladder; (3) so does the page of many. What was done stands in the page's row, so that a restart changes nothing.</summary>
internal sealed partial class Following(
    Database database, PerhapsSent perhaps, SettingsSource settings, ILogger<Following> log) : ILoop
{
    private static readonly TimeSpan
        Longest = TimeSpan.FromSeconds(30), Later = TimeSpan.FromSeconds(10), Shortest = TimeSpan.FromSeconds(2);

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
            if (page.Cause.IsBurst)
                await BurstAsync(page, cancellationToken); // (3)
            else if (page.Cause.QuestionNumber is not { } number)
                await LeaveAsync(page, cancellationToken);
            else if (page.ClearedAt is not null)
                await ReceiptAsync(page, number, cancellationToken); // (1)
            else if (page.Together is null)
                await ClimbAsync(page, number, cancellationToken); // (2)
        return 0;
    }

    /// <summary>It lists what is open, climbs the ladder for all of them, and says when all are settled.</summary>
    private async Task BurstAsync(FollowedPage page, CancellationToken cancellationToken)
    {
        if (page.ClearedAt is not null)
        {
            await LeaveAsync(page, cancellationToken);
            return;
        }
        var (open, all) = await database.ReadAsync(
            async reading => (
                await BurstPage.OpenAsync(reading, page.Id, cancellationToken),
                (await PageStore.MembersAsync(reading, page.Id, cancellationToken)).Count),
            cancellationToken);
        if (open.Count == 0)
            await database.WriteAsync(writing => SettledAsync(writing, page, all, cancellationToken), cancellationToken);
        else if (open.Count != page.Told)
            await database.WriteAsync(
                writing => PageStore.TellBurstAsync(writing, page.Id, QueuedPage.Silent, cancellationToken), cancellationToken);
        else
            await ClimbAsync(page, open, cancellationToken);
    }

    private async Task SettledAsync(Writing writing, FollowedPage page, int all, CancellationToken cancellationToken)
    {
        await PageStore.ClearAsync(writing, page.Cause, cancellationToken);
        if (page.SentAt is not null || perhaps.Is(page))
        {
            var text = all switch
            {
                0 => "put off: each comes by itself at its time",
                1 => "it is settled",
                _ => string.Create(CultureInfo.InvariantCulture, $"all {all} are settled"),
            };
            await PageStore.ReceiptAsync(writing, page.Id, (BurstPage.Over, text), cancellationToken);
            await PageStore.RepeatSecondAsync(writing, page.Id, cancellationToken);
        }
        await PageStore.LeaveAsync(writing, page.Id, cancellationToken);
    }

    private async Task ReceiptAsync(FollowedPage page, long number, CancellationToken cancellationToken)
    {
        var age = (database.Clock.GetUtcNow() - page.ClearedAt!.Value).Duration();
        var next = age < UnderWay ? Shortest : Later;
        Poll = next < Poll ? next : Poll;
        var question = await database.ReadAsync(
            reading => QuestionStore.FindAsync(reading, number, cancellationToken), cancellationToken);
        var isThere = IsThere(page, question);
        if (age > LongestReceipt || (!isThere && (page.Together is not null || age > UnderWay)))
            await LeaveAsync(page, cancellationToken);
        if (!isThere || age > LongestReceipt)
            return;
        var receipt = question is null ? null : await database.ReadAsync(
            reading => QuestionReceipt.OfAsync(reading, question, cancellationToken), cancellationToken);
        if (receipt is not { IsFinal: false } || receipt.Text != page.Receipt)
            await database.WriteAsync(writing => RecordAsync(writing, page, receipt, cancellationToken), cancellationToken);
    }

    /// <summary>The phone shows it, or may do so. Who answers from there has it before his eyes, whatever is recorded. One that was listed
    /// with others before it was sent alone is not there.</summary>
    private bool IsThere(FollowedPage page, Question? question) => page.SentAt is not null
        || (page.Together is not null ? perhaps.WasUnanswered(page) : question?.AnsweredVia == PhoneWords.Via || perhaps.Is(page));

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
        var question = await database.ReadAsync(
            reading => QuestionStore.FindAsync(reading, number, cancellationToken), cancellationToken);
        if (question is { IsOpen: true })
            await ClimbAsync(page, [question], cancellationToken);
        else
            await LeaveAsync(page, cancellationToken);
    }

    private async Task ClimbAsync(FollowedPage page, List<Question> open, CancellationToken cancellationToken)
    {
        var (phone, now, deadline) = (settings.Current.Config.Phone, database.Clock.GetUtcNow(), open.Min(question => question.Deadline));
        var priority = page.Cause.IsBurst ? open.Max(question => question.Priority) : page.Priority; // Told anew it may be silent.
        if (phone.Silences(priority, now, database.Clock, deadline))
            return;
        var isUnheard = page is { QuietUntil: null, IsQueued: false, SentAt: { } sent }
            && phone.Silences(priority, sent, database.Clock, deadline);
        var step = isUnheard
            ? new Ladder.Again(page.Step, NewButtons: false) // It made no noise in the night.
            : Ladder.Next(page, phone.RemindAfter, phone.SecondWays.Count > 0, now);
        if (step is Ladder.Wait wait)
            Poll = wait.For < Poll ? wait.For : Poll;
        else
            await database.WriteAsync(writing => StepAsync(writing, page, step, cancellationToken), cancellationToken);
    }

    private async Task StepAsync(Writing writing, FollowedPage page, Ladder next, CancellationToken cancellationToken)
    {
        if (next is Ladder.Again again)
        {
            var newButtons = again.NewButtons && !page.Cause.IsBurst; // It has none.
            await PageStore.AgainAsync(writing, page.Id, again.Step, newButtons, cancellationToken);
            writing.OnceCommitted(() => LogAgain(page.Cause, again.Step));
            return;
        }
        var ways = settings.Current.Config.Phone.SecondWays.Select(way => way.Name);
        await PageStore.QueueSecondAsync(writing, page.Id, ways, again: true, cancellationToken);
        await PageStore.SteppedAsync(writing, page.Id, page.Step + 1, cancellationToken);
        writing.OnceCommitted(() => LogSecond(page.Cause));
    }

    private async Task LeaveAsync(FollowedPage page, CancellationToken cancellationToken)
    {
        await database.WriteAsync(writing => PageStore.LeaveAsync(writing, page.Id, cancellationToken), cancellationToken);
        perhaps.Forget(page);
    }

    [LoggerMessage(LogLevel.Information, "{Page} is paged again, step {Step}")]
    private partial void LogAgain(PageCause page, int step);

    [LoggerMessage(LogLevel.Information, "{Page} goes by the second ways")]
    private partial void LogSecond(PageCause page);
}
