using Relay.Running;
using Relay.Storage;

namespace Relay.Operator;

/// <summary>Sends taps on once they can no longer be taken back. The tap goes and the answer comes in one commit, so that nothing is both
/// taken back and sent.</summary>
internal sealed class TapSender(Answers answers, Database database) : ILoop
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30), Least = TimeSpan.FromMilliseconds(20);

    public string Name => "sending on taps";

    public Topic? WakesOn => Topic.Questions;

    public TimeSpan Poll { get; private set; } = Least;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        var waiting = await database.ReadAsync(reading => Taps.WaitingAsync(reading, cancellationToken), cancellationToken);
        var now = database.Clock.GetUtcNow();
        var due = waiting.FindAll(tap => tap.DueAt <= now || tap.At > now); // One of a time to come was held before the clock was set back.
        foreach (var tap in due)
            await SendAsync(tap, cancellationToken);
        var next = waiting.Except(due).Select(tap => tap.DueAt - now).DefaultIfEmpty(Idle).Min();
        Poll = next < Least ? Least : next;
        return due.Count;
    }

    private Task SendAsync(Tap tap, CancellationToken cancellationToken) => database.WriteAsync(
        async writing =>
        {
            if (!await Taps.UndoAsync(writing, tap.Question, cancellationToken))
                return;
            if (await answers.TakeAsync(writing, tap.ToInput(), cancellationToken) is Answers.Outcome.Refused refused)
                await Taps.LoseAsync(writing, tap, refused.Reason, cancellationToken);
        },
        cancellationToken);
}
