using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Costs;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Once a day, at the time that the configuration names, a page of what is open. One day's digest is sent once, over restarts as
/// well; one that was missed by more than six hours is left out.</summary>
internal sealed class Digest(Database database, SettingsSource settings) : ILoop
{
    private const int MostNamed = 15;
    private const string Last = "digest_of";

    private static readonly TimeSpan LatestBy = TimeSpan.FromHours(6);

    public string Name => "making the day's digest";

    public Topic? WakesOn => Topic.Settings;

    public TimeSpan Poll => TimeSpan.FromSeconds(30);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var phone = settings.Current.Config.Phone;
        if (phone.Digest is not { } at)
            return 0;
        var here = TimeZoneInfo.ConvertTime(database.Clock.GetUtcNow(), phone.Quiet?.Zone ?? database.Clock.LocalTimeZone);
        var day = here.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var late = here.TimeOfDay - at.ToTimeSpan();
        if (late < TimeSpan.Zero || late > LatestBy)
            return 0;
        if (await database.ReadAsync(reading => FactStore.FindAsync(reading, Last, cancellationToken), cancellationToken) == day)
            return 0;
        await database.WriteAsync(writing => QueueAsync(writing, day, cancellationToken), cancellationToken);
        return 0;
    }

    private static async Task QueueAsync(Writing writing, string day, CancellationToken cancellationToken)
    {
        await FactStore.SetAsync(writing, Last, day, cancellationToken);
        await PageStore.ClearAsync(writing, PageCause.Digest, cancellationToken);
        var open = await QuestionStore.OpenAsync(writing, cancellationToken);
        var held = await MessageStore.HeldAsync(writing, cancellationToken);
        var lines = open.Take(MostNamed).Select(question =>
            $"#{question.Id} of {question.Whose}, open for {Duration.WriteMinutes(writing.Now - question.AskedAt)}");
        var more = open.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $"\nand {open.Count - MostNamed} more") : "";
        var questions = open.Count == 0 ? "No question is open." : string.Join('\n', lines) + more;
        var text = $"{questions}\n{(held.Count == 0 ? "No message is held." : $"Held: {held.Count}, see relay messages.")}\n\n"
            + await FiguresAsync(writing, cancellationToken);
        var title = string.Create(CultureInfo.InvariantCulture, $"Relay: {open.Count} open, {held.Count} held ({day})");
        await PageStore.QueueAsync(writing, new NewPage(PageCause.Digest, title, text, Priority: 3, "newspaper"), cancellationToken);
    }

    /// <summary>How much the operator was needed, how often what he said before did instead, and what it cost.</summary>
    private static async Task<string> FiguresAsync(Reading reading, CancellationToken cancellationToken)
    {
        var figures = await RulingFigures.ReadAsync(reading, cancellationToken);
        var today = await Spending.InAsync(reading, Spending.Day(reading.Now), cancellationToken);
        var before = await Spending.InAsync(reading, Spending.Day(reading.Now.AddDays(-1)), cancellationToken);
        var blocked = figures.MinutesPerQuestion is { } minutes
            ? string.Create(CultureInfo.InvariantCulture, $"{minutes:0.#} minutes a question, {figures.LongestMinutes:0.#} at most")
            : "no question was answered";
        return $"Over {RulingFigures.Span.Days} days: blocked {blocked}; settled by precedent {Share(figures.SettledShare)}; "
            + $"overturned of that {Share(figures.OverturnedShare)}.\nSpent today (UTC): {Said(today)}; yesterday: {Said(before)}.";
    }

    private static string Share(double? share) =>
        share is { } part ? string.Create(CultureInfo.InvariantCulture, $"{100 * part:0.#} %") : "none yet";

    private static string Said(Spent spent) =>
        Dollars.Rounded(spent.SpentNano) + (spent.UnknownNano > 0 ? $" ({Dollars.Rounded(spent.UnknownNano)} of it at worst)" : "");
}
