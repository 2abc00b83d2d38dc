using Relay.Conversations;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Finds out by itself whether a cause that holds messages is gone: asks one of them again, at first after five minutes and then
/// more and more rarely. Once one is answered, the others are released.</summary>
internal sealed partial class HoldRetry(Database database, Holds holds, ILogger<HoldRetry> log) : ILoop
{
    private static readonly Backoff Pause = new(TimeSpan.FromMinutes(5), TimeSpan.FromHours(1));

    private readonly Dictionary<HoldCause, Standing> _standing = [];

    /// <summary>Since when there was nothing new about a cause, and how often it was tried.</summary>
    private sealed record Standing(long Since, int Tries)
    {
        public TimeSpan Delay { get; } = Pause.Delay(Tries + 1);
    }

    public string Name => "trying again what is held";

    public Topic? WakesOn => null;

    public TimeSpan Poll => TimeSpan.FromMinutes(1);

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var (held, paused) = await database.ReadAsync(
            async reading => (
                await MessageStore.HeldAsync(reading, cancellationToken),
                await ConversationStore.PausedAsync(reading, cancellationToken)),
            cancellationToken);
        held.RemoveAll(message => paused.Exists(each => each.Conversation == message.Conversation)); // No call would be made.
        var tried = 0;
        foreach (var cause in HoldCauses.OfTheApi)
            if (held.Find(message => message.Cause == cause) is { } oldest)
                tried += await TryAsync(cause, oldest, cancellationToken) ? 1 : 0;
            else
                _standing.Remove(cause);
        return tried;
    }

    private async Task<bool> TryAsync(HoldCause cause, Message oldest, CancellationToken cancellationToken)
    {
        var now = database.Clock.GetTimestamp();
        var standing = _standing.TryAdd(cause, new Standing(now, Tries: 0)) ? null : _standing[cause];
        if (standing is null || database.Clock.GetElapsedTime(standing.Since) < standing.Delay)
            return false;
        if (!await holds.RetryAsync(oldest, "tried again by itself", cancellationToken))
            return false;
        _standing[cause] = new Standing(now, standing.Tries + 1);
        LogTried(oldest.Id, cause);
        return true;
    }

    [LoggerMessage(LogLevel.Information, "{MessageId}, held for {Cause}, is tried again")]
    private partial void LogTried(MessageId messageId, HoldCause cause);
}
