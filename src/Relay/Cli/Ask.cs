using Spectre.Console;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Running;
using Relay.Texts;
using Relay.Web.Api;

namespace Relay.Cli;

/// <summary>One question to the advisor over HTTP: (1) ask, as often as it takes, under one id, (2) print the reply, (3) give the receipt.
/// A daemon that is restarted meanwhile knows the message by its id; without the receipt the reply goes to the session's folder as well.</summary>
internal sealed class Ask(CommandContext context, SettingsSource settings, DaemonClient daemon, Outgoing message, TimeSpan timeout)
{
    /// <summary>Short, so that it is soon known which message it is and what it waits for.</summary>
    private static readonly TimeSpan FirstRequest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private string? _accepted;
    private string _stage = "asking";

    private TimeSpan Left => timeout - _clock.GetElapsedTime(_started);

    /// <param name="State">"ready", or where else the reply went.</param>
    private sealed record Replied(string Text, string State);

    public async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        var replied = context.IsErrorRich ? await WithProgressAsync(cancellationToken) : await ReplyAsync(cancellationToken); // (1)
        if (replied is null)
            return await SayTimedOutAsync();
        if (json)
            context.WriteJson(new { message.SessionId, message.Id, Message = _accepted, Reply = replied.Text }); // (2)
        else
            context.WriteText(replied.Text.EndsWith('\n') ? replied.Text[..^1] : replied.Text);
        await context.Output.FlushAsync(cancellationToken);
        if (replied.State == "ready")
            await GiveReceiptAsync(cancellationToken); // (3)
        else
            await context.Error.WriteLineAsync($"nobody had waited for this reply for a while: it is also in dispatch/{message.SessionId}/input.txt, or was taken from there");
        return ExitCode.Done;
    }

    private Task<Replied?> WithProgressAsync(CancellationToken cancellationToken)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(context.Error) });
        return console.Status().StartAsync("asking", async status =>
        {
            using var ticking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var ticks = TickAsync(status, ticking.Token);
            var replied = await ReplyAsync(cancellationToken);
            await ticking.CancelAsync();
            await ticks.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // What the progress could not read must not cost the reply.
            return replied;
        });
    }

    private async Task TickAsync(StatusContext status, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_accepted is { } id)
                _stage = await StageAsync(id, cancellationToken);
            status.Status(Markup.Escape($"{_stage}, {Printing.Ago(_clock.GetElapsedTime(_started))}"));
            await Task.Delay(TimeSpan.FromSeconds(1), _clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Null when the time is up.</summary>
    private async Task<Replied?> ReplyAsync(CancellationToken cancellationToken)
    {
        for (var first = true; first || Left > TimeSpan.Zero; first = false)
        {
            var longest = _accepted is null ? FirstRequest : LongestRequest;
            var wait = Left < longest ? Left : longest;
            switch (await PostAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, taken: false, cancellationToken))
            {
                case DaemonClient.Answer.Said { IsOk: true } said:
                    _accepted = said.Body.GetProperty("message").GetString();
                    if (said.Body.GetProperty("reply").GetString() is { } reply)
                        return new Replied(reply, said.Body.GetProperty("state").GetString()!);
                    await ThrowIfDeadAsync(cancellationToken);
                    continue;
                case DaemonClient.Answer.Said { Status: < 500 } said:
                    throw new CommandFailure(ExitCode.Failed, said.Detail);
                case DaemonClient.Answer.NotRunning when first:
                    throw DaemonClient.NotRunning();
                case DaemonClient.Answer.Said said:
                    _stage = $"the daemon fails: {said.Detail}";
                    break;
                default:
                    _stage = "waiting for the daemon to come back";
                    break;
            }
            await Task.Delay(Left < Pause && Left > TimeSpan.Zero ? Left : Pause, _clock, cancellationToken);
        }
        return null;
    }

    private async Task GiveReceiptAsync(CancellationToken cancellationToken)
    {
        for (var started = _clock.GetTimestamp(); _clock.GetElapsedTime(started) < Grace;)
        {
            if (await PostAsync(TimeSpan.Zero, taken: true, cancellationToken) is DaemonClient.Answer.Said { Status: < 500 })
                return;
            await Task.Delay(Pause, _clock, cancellationToken);
        }
        await context.Error.WriteLineAsync($"the daemon could not be told that the reply was taken: it will also be put into dispatch/{message.SessionId}/input.txt");
    }

    private Task<DaemonClient.Answer> PostAsync(TimeSpan wait, bool taken, CancellationToken cancellationToken) => daemon.PostAsync(
        "/ask",
        new { message.SessionId, message.Content, message.Id, WaitSeconds = wait.TotalSeconds, Taken = taken },
        wait + Grace,
        cancellationToken);

    private async Task ThrowIfDeadAsync(CancellationToken cancellationToken)
    {
        if (await FindAsync(_accepted!, cancellationToken) is { State: MessageState.Dead } dead)
            throw new CommandFailure(ExitCode.Failed, $"the message was given up: {dead.Reason}");
    }

    private async Task<string> StageAsync(string id, CancellationToken cancellationToken) => await FindAsync(id, cancellationToken) switch
    {
        { State: MessageState.Waiting } => "waiting for the operator",
        { State: MessageState.Held or MessageState.Deferred } held => $"{held.State.Word()}: {held.Reason}",
        { State: MessageState.Asking } => "the advisor is at work",
        { State: MessageState.Accepted } => "waiting for its turn",
        _ => "the reply is on its way",
    };

    private async Task<Message?> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var records = await Records.OpenAsync(settings, cancellationToken);
        return (await records.ReadAsync(reading => MessageSearch.FindAsync(reading, id, cancellationToken), cancellationToken)).FirstOrDefault();
    }

    private async Task<int> SayTimedOutAsync()
    {
        await context.Error.WriteLineAsync(_accepted is null
            ? $"no word from the daemon within {Duration.Write(timeout)}; perhaps it has the message. To ask again without doubling it: --id {message.Id}"
            : $"no reply within {Duration.Write(timeout)}; message {_accepted} stays in, and its reply will go to dispatch/{message.SessionId}/input.txt");
        return ExitCode.TryLater;
    }
}
