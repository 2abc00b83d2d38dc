using System.Runtime.InteropServices;
using System.Threading.Channels;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>Runs relay watch: (1) takes the terminal, (2) draws what there is, (3) takes what happens next, be it a key, a change, an
/// answer that was taken or refused, and so on, (4) until it ends, by whatever: then the terminal is as it was.</summary>
internal sealed class Watcher(CommandContext context, DaemonClient daemon)
{
    private const int UsualWidth = 80, UsualHeight = 24;
    private static readonly TimeSpan KeyIsWhole = TimeSpan.FromMilliseconds(50);

    private readonly Channel<WatchEvent> _events = Channel.CreateUnbounded<WatchEvent>();
    private readonly WatchState _state = new();
    private readonly WatchScreen _screen = new(context.RawOutput, context.IsOutputRich);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var mode = new TerminalMode(); // (1)
        var signals = Signals(mode);
        try
        {
            _screen.Enter();
            var feed = new WatchFeed(daemon, _events.Writer);
            var asking = feed.RunAsync(ended.Token);
            _ = ReadKeysAsync(ended.Token);
            await FollowAsync(feed, ended.Token);
            await ended.CancelAsync();
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ExitCode.Done;
        }
        finally
        {
            Restore(mode); // (4)
            foreach (var signal in signals)
                signal.Dispose();
        }
    }

    private async Task FollowAsync(WatchFeed feed, CancellationToken cancellationToken)
    {
        var frame = new WatchFrame(_state);
        while (!_state.IsOver)
        {
            if (!_events.Reader.TryPeek(out _))
                _screen.Show(frame.Draw(TerminalSize.Columns() ?? UsualWidth, TerminalSize.Rows() ?? UsualHeight)); // (2)
            var next = await _events.Reader.ReadAsync(cancellationToken); // (3)
            if (next is WatchEvent.Ended)
                return;
            Take(next);
            feed.Want(_state.Selected?.Number ?? 0);
            while (_state.Outgoing.TryDequeue(out var send))
                _ = SendAsync(send, cancellationToken);
        }
    }

    private void Take(WatchEvent next)
    {
        switch (next)
        {
            case WatchEvent.Seen seen:
                _state.See(seen.View);
                break;
            case WatchEvent.Down down:
                _state.SeeNothing(down.Reason);
                break;
            case WatchEvent.Sent sent:
                _state.Sent(sent.What, sent.Notice);
                break;
            case WatchEvent.Resized:
                _screen.Forget();
                break;
            case WatchEvent.Pressed pressed:
                foreach (var key in pressed.Keys)
                {
                    if (key is Key.Named { Name: KeyName.Redraw })
                        _screen.Forget();
                    _state.Press(key);
                }
                break;
        }
    }

    private async Task SendAsync(WatchSend send, CancellationToken cancellationToken)
    {
        var response = await OperatorPost.SendAsync(daemon, send.Path, send.Body, cancellationToken);
        var notice = response switch
        {
            DaemonClient.Response.Received { IsOk: true } taken => new WatchNotice(Describe(send, taken)),
            DaemonClient.Response.Received refused => new WatchNotice($"not sent: {refused.Detail}", IsRefusal: true),
            DaemonClient.Response.Unanswered unanswered => new WatchNotice(
                $"it is not known whether it was taken ({unanswered.Reason}): Enter sends it again, and it counts once", IsRefusal: true),
            _ => new WatchNotice("not sent: the relay is not running; your words stay here", IsRefusal: true),
        };
        _events.Writer.TryWrite(new WatchEvent.Sent(send, notice));
    }

    private static string Describe(WatchSend send, DaemonClient.Response.Received taken) => send.Path == "/answers"
        ? AnswerCommand.Describe(taken.Body)
        : SayCommand.Describe(SayCommand.SaidIn(taken.Body));

    /// <summary>A terminal that is gone sends nothing any more.</summary>
    private async Task ReadKeysAsync(CancellationToken cancellationToken)
    {
        var keys = new WatchKeys();
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var reading = Task.Run(() => context.Input.Read(buffer), cancellationToken);
                if (keys.IsUndecided && await Task.WhenAny(
                    reading, Task.Delay(KeyIsWhole, TimeProvider.System, cancellationToken)) != reading)
                    _events.Writer.TryWrite(new WatchEvent.Pressed(keys.Decide()));
                if (await reading is not (> 0 and var count))
                    break;
                _events.Writer.TryWrite(new WatchEvent.Pressed(keys.Read(buffer.AsSpan(0, count))));
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // As if it had ended.
        }
        _events.Writer.TryWrite(new WatchEvent.Ended());
    }

    private List<PosixSignalRegistration> Signals(TerminalMode mode) =>
    [
        .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }.Select(
            signal => PosixSignalRegistration.Create(signal, End)),
        PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _events.Writer.TryWrite(new WatchEvent.Resized())),
        PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => GoOn(mode)),
    ];

    /// <summary>A terminal that is closed sends this as well, right after the hang-up.</summary>
    private void GoOn(TerminalMode mode)
    {
        try
        {
            mode.Enter();
            _screen.Enter();
            _events.Writer.TryWrite(new WatchEvent.Resized());
        }
        catch (IOException)
        {
            _events.Writer.TryWrite(new WatchEvent.Ended());
        }
    }

    private void End(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _events.Writer.TryWrite(new WatchEvent.Ended());
    }

    /// <summary>Where the terminal itself is gone there is nothing to restore.</summary>
    private void Restore(TerminalMode mode)
    {
        try
        {
            _screen.Leave();
        }
        catch (IOException)
        {
            // Nobody looks any more.
        }
        mode.Dispose();
    }
}
