using System.Data.Common;
using Relay.Advisor;
using Relay.Conversations;
using Relay.Dispatch;
using Relay.Running;

namespace Relay.Turns;

/// <summary>Answers what waits: many conversations at once, the turns of each strictly one after another.
/// A turn is (1) a claiming transaction, (2) the call, (3) a committing transaction; killed between any two, it is repeated and nothing stands twice.</summary>
internal sealed partial class AdvisorLoop(
    TurnStart turns, TurnEnd outcomes, Summariser summariser, IAdvisor advisor, CallerChannel callers, Signals signals, Faults faults, TimeProvider clock,
    ILogger<AdvisorLoop> log)
    : Loop(signals.Work, faults, clock, log)
{
    private const int Parallel = 16;
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(2.5);
    private static readonly TimeSpan BetweenCommits = TimeSpan.FromSeconds(1);
    private const string Unrecorded = "recording a reply";
    private readonly Faults _faults = faults;
    private readonly ILogger _log = log;
    private readonly Dictionary<ConversationId, Task> _running = [];

    /// <summary>Ends the calls under way. A stop gives them a moment first: a call that is cut is perhaps paid for nothing.</summary>
    private readonly CancellationTokenSource _calls = new();

    protected override TimeSpan PollInterval => TimeSpan.FromMilliseconds(500);

    /// <summary>Starts a run for every conversation that has work and none yet. Runs go on after this returns.</summary>
    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        foreach (var (conversation, run) in _running.Where(run => run.Value.IsCompleted).ToList())
        {
            _running.Remove(conversation);
            await run; // A run that failed fails this loop, which says so and goes on.
        }
        foreach (var conversation in await turns.DueAsync(cancellationToken))
            if (_running.Count < Parallel && !_running.ContainsKey(conversation))
                _running[conversation] = Task.Run(() => RunAsync(conversation, cancellationToken), cancellationToken);
        return 0;
    }

    /// <summary>Takes turns until the conversation has none to take.</summary>
    public async Task RunAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        try
        {
            do
                await summariser.KeepUnderCapAsync(conversation, _calls.Token);
            while (await TakeTurnAsync(conversation, cancellationToken));
        }
        finally
        {
            signals.Work.Set();
            signals.Status.Set();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _calls.CancelAfter(StopGrace);
        await base.StopAsync(cancellationToken);
        await Task.WhenAll(_running.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public override void Dispose()
    {
        _calls.Dispose();
        base.Dispose();
    }

    private async Task<bool> TakeTurnAsync(ConversationId conversation, CancellationToken cancellationToken)
    {
        if (await turns.ClaimAsync(conversation, cancellationToken) is not { } claim) // (1)
            return false;
        CrashPoint.Pass("turn-1-claimed");
        signals.Status.Set();
        var started = Clock.GetTimestamp();
        var outcome = await advisor.AskAsync(claim.Call, _calls.Token); // (2)
        CrashPoint.Pass("turn-2-called");
        LogCalled(claim.Message.Id, outcome.GetType().Name, outcome.Usage?.TotalInput, outcome.Usage?.Output, (long)Clock.GetElapsedTime(started).TotalMilliseconds);
        await CommitAsync(claim, outcome); // (3)
        CrashPoint.Pass("turn-3-committed");
        callers.Answered(claim.Message.Root);
        signals.Dispatch.Set();
        signals.Pages.Set();
        signals.Status.Set();
        if (outcome is AdvisorOutcome.ContextExceeded exceeded)
            await outcomes.CommitAsync(claim, exceeded, await summariser.ShortenByForceAsync(conversation, _calls.Token), CancellationToken.None);
        return true;
    }

    /// <summary>The call is paid: its outcome is recorded even when we are stopping, and on a full disk it is kept until there is room.
    /// Given up, the message would stay as being asked, and be paid for again.</summary>
    private async Task CommitAsync(Claim claim, AdvisorOutcome outcome)
    {
        while (true)
        {
            try
            {
                if (!await outcomes.CommitAsync(claim, outcome, CancellationToken.None))
                    LogStale(claim.Message.Id);
                _faults.Clear(Unrecorded);
                return;
            }
            catch (DbException exception) when (!_calls.IsCancellationRequested)
            {
                if (_faults.Set(Unrecorded, exception.Message))
                    LogUnrecorded(claim.Message.Id, exception);
                await Task.Delay(BetweenCommits, Clock, _calls.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Called for {MessageId}: {Outcome}, {InputTokens} tokens in, {OutputTokens} out, {Milliseconds} ms")]
    private partial void LogCalled(MessageId messageId, string outcome, long? inputTokens, long? outputTokens, long milliseconds);

    [LoggerMessage(LogLevel.Error, "The outcome of the call for {MessageId} could not be recorded; tried again every second")]
    private partial void LogUnrecorded(MessageId messageId, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The claim of {MessageId} was stale; only its cost is recorded")]
    private partial void LogStale(MessageId messageId);
}
