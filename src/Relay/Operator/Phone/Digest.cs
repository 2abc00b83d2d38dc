using System.Globalization;
using Relay.Configuration;
using Relay.Conversations;
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
            $"#{question.Id} of {question.Whose}, open for {Duration.Write(Minutes(writing.Now - question.AskedAt))}");
        var more = open.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $"\nand {open.Count - MostNamed} more") : "";
        var questions = open.Count == 0 ? "No question is open." : string.Join('\n', lines) + more;
        var text = $"{questions}\n{(held.Count == 0 ? "No message is held." : $"Held: {held.Count}, see relay messages.")}";
        var title = string.Create(CultureInfo.InvariantCulture, $"Relay: {open.Count} open, {held.Count} held ({day})");
        await PageStore.QueueAsync(writing, new NewPage(PageCause.Digest, title, text, Priority: 3, "newspaper"), cancellationToken);
    }

    private static TimeSpan Minutes(TimeSpan age) => TimeSpan.FromMinutes(Math.Max(1, Math.Floor(age.TotalMinutes)));
}
