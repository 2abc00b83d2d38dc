using Relay.Configuration;
using Relay.Conversations;
using Relay.Texts;
using Spectre.Console;

namespace Relay.Cli;

/// <summary>Sends one message over HTTP and waits for its reply: (1) ask until the reply comes, always with the same id,
/// (2) print the reply, (3) confirm that it was taken. A daemon that is restarted meanwhile knows the message by its id.
/// Without the confirmation the daemon puts the reply into the session's folder as well.</summary>
internal sealed class Ask(CommandContext context, SettingsSource settings, DaemonClient daemon, NewMessage message, TimeSpan timeout)
{
    /// <summary>Short, because its response holds the message's id, which the progress display needs.</summary>
    private static readonly TimeSpan FirstRequest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private string? _messageId;
    private string _stage = "asking";

    private TimeSpan TimeLeft => timeout - _clock.GetElapsedTime(_started);

    private string InputFile => $"dispatch/{message.SessionId}/input.txt";

    /// <param name="State">"ready", unless the reply has gone another way as well.</param>
    private sealed record Reply(string Text, string State);

    public async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        var reply = context.IsErrorRich ? await WithProgressAsync(cancellationToken) : await WaitForReplyAsync(cancellationToken); // (1)
        if (reply is null)
            return await ReportTimeoutAsync();
        if (json)
            context.WriteJson(new { message.SessionId, message.Id, Message = _messageId, Reply = reply.Text }); // (2)
        else
            context.WriteText(reply.Text.EndsWith('\n') ? reply.Text[..^1] : reply.Text);
        await context.Output.FlushAsync(cancellationToken);
        if (reply.State == "ready")
            await ConfirmAsync(cancellationToken); // (3)
        else
            await context.Error.WriteLineAsync(
                $"nobody waited for this reply for a while, so it was also put into {InputFile}; perhaps it was taken from there");
        return ExitCode.Done;
    }

    private Task<Reply?> WithProgressAsync(CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Error) });
        return console.Status().StartAsync("asking", async status =>
        {
            using var ticking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var ticks = ShowProgressAsync(status, ticking.Token);
            var reply = await WaitForReplyAsync(cancellationToken);
            await ticking.CancelAsync();
            await ticks.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // A fault of the display must not lose the reply.
            return reply;
        });
    }

    private async Task ShowProgressAsync(StatusContext status, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_messageId is { } id)
                _stage = await StageAsync(id, cancellationToken);
            status.Status(Markup.Escape($"{_stage}, {Printing.Age(_clock.GetElapsedTime(_started))}"));
            await Task.Delay(TimeSpan.FromSeconds(1), _clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Null when the time is up.</summary>
    private async Task<Reply?> WaitForReplyAsync(CancellationToken cancellationToken)
    {
        for (var first = true; first || TimeLeft > TimeSpan.Zero; first = false)
        {
            var longest = _messageId is null ? FirstRequest : LongestRequest;
            var wait = TimeLeft < longest ? TimeLeft : longest;
            switch (await PostAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, taken: false, cancellationToken))
            {
                case DaemonClient.Response.Received { IsOk: true } response:
                    _messageId = response.Body.GetProperty("message").GetString();
                    if (response.Body.GetProperty("reply").GetString() is { } reply)
                        return new Reply(reply, response.Body.GetProperty("state").GetString()!);
                    await ThrowIfGivenUpAsync(cancellationToken);
                    continue;
                case DaemonClient.Response.Received { Status: < 500 } response:
                    throw new CommandFailure(ExitCode.Failed, response.Detail);
                case DaemonClient.Response.NotRunning when first:
                    throw DaemonClient.NotRunning();
                case DaemonClient.Response.Received response:
                    _stage = $"the daemon fails: {response.Detail}";
                    break;
                default:
                    _stage = "waiting for the daemon to come back";
                    break;
            }
            await Task.Delay(TimeLeft < Pause && TimeLeft > TimeSpan.Zero ? TimeLeft : Pause, _clock, cancellationToken);
        }
        return null;
    }

    private async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        for (var started = _clock.GetTimestamp(); _clock.GetElapsedTime(started) < Grace;)
        {
            if (await PostAsync(TimeSpan.Zero, taken: true, cancellationToken) is DaemonClient.Response.Received { Status: < 500 })
                return;
            await Task.Delay(Pause, _clock, cancellationToken);
        }
        await context.Error.WriteLineAsync(
            $"the daemon could not be told that the reply was taken, so it will also be put into {InputFile}");
    }

    private Task<DaemonClient.Response> PostAsync(TimeSpan wait, bool taken, CancellationToken cancellationToken) => daemon.PostAsync(
        "/ask",
        new { message.SessionId, message.Content, message.Id, WaitSeconds = wait.TotalSeconds, Taken = taken },
        wait + Grace,
        cancellationToken);

    private async Task ThrowIfGivenUpAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(_messageId!, cancellationToken) is { State: MessageState.Dead } dead)
            throw new CommandFailure(ExitCode.Failed, $"the message was given up: {dead.Reason}");
    }

    private async Task<string> StageAsync(string id, CancellationToken cancellationToken) => await FindAsync(id, cancellationToken) switch
    {
        { State: MessageState.Waiting } => "waiting for the operator",
        { State: MessageState.Held or MessageState.Deferred } held => $"{held.State.Word()}: {held.Reason}",
        { State: MessageState.Asking } => "the advisor is working",
        { State: MessageState.Accepted } => "waiting for its turn",
        _ => "the reply is on its way",
    };

    private async Task<Message?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var reader = await HomeReader.OpenAsync(settings, cancellationToken);
        var found = await reader.ReadAsync(reading => MessageSearch.FindAsync(reading, id, cancellationToken), cancellationToken);
        return found.FirstOrDefault();
    }

    private async Task<int> ReportTimeoutAsync()
    {
        var waited = Duration.Write(timeout);
        await context.Error.WriteLineAsync(_messageId is null
            ? $"no answer from the daemon within {waited}; it may have the message. To ask again without doubling it: --id {message.Id}"
            : $"no reply within {waited}; message {_messageId} is kept, and its reply will be put into {InputFile}");
        return ExitCode.TryLater;
    }
}
