using System.Runtime.ExceptionServices;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Files;
using Relay.Running;

namespace Relay.Dispatch;

/// <summary>Places each reply in its session's folder exactly once, one at a time, in order. One pass: what was taken is noted as consumed;
/// then for every session whose folder is free (1) stage the file, (2) record it staged, (3) rename it to input.txt, (4) record it placed.</summary>
internal sealed partial class Dispatcher : Loop
{
    private readonly Outbox _outbox;
    private readonly CallerChannel _callers;
    private readonly FolderChannel _folder;
    private readonly FolderWatch _watch;
    private readonly Signals _signals;
    private readonly ILogger _log;

    public Dispatcher(
        Outbox outbox, CallerChannel callers, SettingsSource settings, Signals signals, Faults faults, TimeProvider clock, ILogger<Dispatcher> log)
        : base(signals.Dispatch, faults, clock, log)
    {
        _outbox = outbox;
        _callers = callers;
        _signals = signals;
        _log = log;
        _folder = new FolderChannel(settings.Current.Home);
        _watch = new FolderWatch(settings.Current.Home.Dispatch, FolderWatch.Names, signals.Dispatch, withSubfolders: true);
    }

    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(2);

    public override async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        _watch.Renew();
        await _callers.ReleaseAbandonedAsync(cancellationToken);
        var handled = 0;
        List<Exception> faults = [];
        foreach (var reply in await _outbox.PlacedAsync(cancellationToken))
            handled += await TryAsync(ConsumeAsync, reply, faults, cancellationToken);
        foreach (var reply in await _outbox.NextForFoldersAsync(cancellationToken))
            handled += await TryAsync(PlaceAsync, reply, faults, cancellationToken);
        if (handled > 0)
            _signals.Status.Set();
        if (faults.Count > 0)
            ExceptionDispatchInfo.Throw(faults[0]);
        return handled;
    }

    public override void Dispose()
    {
        _watch.Dispose();
        base.Dispose();
    }

    /// <summary>A session whose folder is broken does not hold up the others.</summary>
    private static async Task<int> TryAsync(
        Func<OutboundReply, CancellationToken, Task<bool>> step, OutboundReply reply, List<Exception> faults, CancellationToken cancellationToken)
    {
        try
        {
            return await step(reply, cancellationToken) ? 1 : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            faults.Add(exception);
            return 0;
        }
    }

    private async Task<bool> ConsumeAsync(OutboundReply reply, CancellationToken cancellationToken)
    {
        if (_folder.IsPending(reply.Session) || !await _outbox.ConsumedAsync(reply, cancellationToken))
            return false;
        CrashPoint.Pass("place-5-consumed");
        LogConsumed(reply.Message, reply.Session);
        return true;
    }

    private async Task<bool> PlaceAsync(OutboundReply reply, CancellationToken cancellationToken)
    {
        if (reply.State == DispatchState.Ready)
        {
            CrashPoint.Pass("place-0-ready");
            _folder.Stage(reply); // (1)
            CrashPoint.Pass("place-1-staged-file");
            await _outbox.StagedAsync(reply, cancellationToken); // (2)
            CrashPoint.Pass("place-2-staged");
        }
        if (!_folder.Place(reply)) // (3)
            return false; // Something of the session's own lies there; its going away wakes this loop.
        CrashPoint.Pass("place-3-renamed");
        await _outbox.PlacedAsync(reply, cancellationToken); // (4)
        CrashPoint.Pass("place-4-placed");
        LogPlaced(reply.Message, reply.Session, reply.Content.Length, (long)(Clock.GetUtcNow() - reply.CreatedAt).TotalMilliseconds);
        return true;
    }

    [LoggerMessage(LogLevel.Information, "Placed the reply to {MessageId} for {Session}, {Characters} characters, after {Milliseconds} ms")]
    private partial void LogPlaced(MessageId? messageId, SessionId session, int characters, long milliseconds);

    [LoggerMessage(LogLevel.Information, "{Session} took the reply to {MessageId}")]
    private partial void LogConsumed(MessageId? messageId, SessionId session);
}
