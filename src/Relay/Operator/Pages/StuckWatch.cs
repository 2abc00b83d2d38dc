using Relay.Configuration;
using Relay.Conversations;
using Relay.Running;
using Relay.Storage;
using Relay.Texts;

namespace Relay.Operator.Pages;

/// <summary>Pages when the oldest message that should make progress has made none for stuck_after, and once when it moves again.
/// Messages that wait for the operator or are held have pages of their own, and those of a paused conversation wait by his word: they do
/// not count.</summary>
internal sealed partial class StuckWatch(
    Database database, SettingsSource settings, ClockSteps steps, TimeProvider clock, ILogger<StuckWatch> log) : ILoop
{
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromSeconds(1), LongestPoll = TimeSpan.FromSeconds(30);

    private ((ConversationId Conversation, DateTimeOffset Since) Which, long SeenAt)? _oldest;

    public string Name => "looking for a stuck queue";

    public Topic? WakesOn => null;

    /// <summary>The time until a message could become stuck.</summary>
    public TimeSpan Poll { get; private set; } = ShortestPoll;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var (since, backlog) = await database.ReadAsync(
            async reading => (
                await PageStore.StandingSinceAsync(reading, PageCause.Stuck, cancellationToken),
                await Backlog.ReadAsync(reading, cancellationToken)),
            cancellationToken);
        var limit = settings.Current.Config.StuckAfter;
        var stuck = backlog.OldestMoving();
        var age = stuck is null ? TimeSpan.Zero : AgeOf((stuck.Conversation, backlog.Since(stuck)));
        Poll = since is null ? Between(ShortestPoll, limit - age, LongestPoll) : ShortestPoll;
        if (stuck is null || age < limit)
        {
            if (since is not null)
                await database.WriteAsync(
                    writing => ClearAsync(writing, isPaused: backlog.Groups.Any(backlog.IsPaused), cancellationToken), cancellationToken);
            return 0;
        }
        if (since is null)
            await database.WriteAsync(writing => PageAsync(writing, stuck, age, cancellationToken), cancellationToken);
        return 0;
    }

    /// <summary>By its time, or since it was first seen here, whichever is more: the machine's clock may have been set back.</summary>
    private TimeSpan AgeOf((ConversationId Conversation, DateTimeOffset Since) oldest)
    {
        if (_oldest is not { } known || known.Which != oldest)
            _oldest = known = (oldest, clock.GetTimestamp());
        var (told, watched) = (steps.Age(oldest.Since, clock.GetUtcNow()), clock.GetElapsedTime(known.SeenAt));
        return told > watched ? told : watched;
    }

    private async Task PageAsync(Writing writing, UnansweredGroup stuck, TimeSpan age, CancellationToken cancellationToken)
    {
        if (await MessageStore.OldestAsync(writing, stuck, cancellationToken) is not { } message)
            return;
        var waiting = Duration.Write(age);
        var state = message.Reason is null ? message.State.Word() : $"{message.State.Word()}, {message.Reason}";
        var body = $"The oldest message, of {message.Session}, has waited {waiting}: {state}.";
        var page = new NewPage(PageCause.Stuck, "Relay: queue stuck", body, Priority: 4, "warning");
        await PageStore.QueueAsync(writing, page, cancellationToken);
        writing.OnceCommitted(() => LogStuck(message.Id, (long)age.TotalSeconds));
    }

    /// <summary>Where what was stuck is paused perhaps, nothing moves that a page could tell of.</summary>
    private async Task ClearAsync(Writing writing, bool isPaused, CancellationToken cancellationToken)
    {
        await PageStore.ClearAsync(writing, PageCause.Stuck, cancellationToken);
        await PageStore.ClearAsync(writing, PageCause.Moving, cancellationToken);
        if (isPaused)
            return;
        const string text = "It was stuck and is no longer.";
        var page = new NewPage(PageCause.Moving, "Relay: queue moving again", text, Priority: 3, "white_check_mark");
        await PageStore.QueueAsync(writing, page, cancellationToken);
        writing.OnceCommitted(LogMoving);
    }

    private static TimeSpan Between(TimeSpan least, TimeSpan wanted, TimeSpan most) =>
        wanted < least ? least : wanted > most ? most : wanted;

    [LoggerMessage(LogLevel.Error, "Stuck: {MessageId} has waited {Seconds} s")]
    private partial void LogStuck(MessageId messageId, long seconds);

    [LoggerMessage(LogLevel.Information, "The queue moves again")]
    private partial void LogMoving();
}
