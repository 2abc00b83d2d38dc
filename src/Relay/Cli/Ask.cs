using System.Text.Json;
using Relay.Configuration;
using Relay.Texts;
using Relay.Web.Api;
using Spectre.Console;

namespace Relay.Cli;

/// <summary>Sends one message over HTTP and waits for its reply: (1) ask until the reply comes, always with the same id, and say what it
/// waits for, (2) print the reply, (3) confirm that it was taken. A daemon that is restarted meanwhile knows the message by its id.
/// Without the confirmation the daemon puts the reply into the session's folder as well.</summary>
internal sealed class Ask(CommandContext context, DaemonClient daemon, NewMessage message, TimeSpan timeout)
{
    private const string Gone = "the daemon is gone; waiting for it to come back";

    /// <summary>The first ones are short: they tell early what the message waits for.</summary>
    private static readonly TimeSpan FirstRequest = TimeSpan.FromSeconds(1), SecondRequest = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10), Farewell = TimeSpan.FromSeconds(2);
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private string? _messageId;
    private string? _said;
    private string? _seen;
    private string _stage = "asking";
    private int _requests;

    private TimeSpan TimeLeft => timeout - _clock.GetElapsedTime(_started);

    private string InputFile => $"dispatch/{message.SessionId}/input.txt";

    /// <param name="State">"ready", unless the reply has gone another way as well.</param>
    private sealed record Reply(string Text, string State);

    public async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        var reply = context.IsErrorRich ? await WithProgressAsync(cancellationToken) : await WaitForReplyAsync(cancellationToken); // (1)
        reply ??= await GiveUpAsync(cancellationToken);
        if (reply is null)
            return await ReportTimeoutAsync();
        if (json)
            context.WriteJson(ToJson(reply)); // (2)
        else
            context.WriteContent(reply.Text.EndsWith('\n') ? reply.Text[..^1] : reply.Text);
        await context.Output.FlushAsync(cancellationToken);
        if (reply.State == "ready")
            await ConfirmAsync(cancellationToken); // (3)
        else
            await context.Error.WriteLineAsync(
                $"nobody waited for this reply for a while, so it was also put into {InputFile}; perhaps it was taken from there");
        return ExitCode.Done;
    }

    private object ToJson(Reply reply) =>
        new { message.SessionId, Id = _messageId, Key = message.Id, Message = _messageId, Reply = reply.Text };

    private Task<Reply?> WithProgressAsync(CancellationToken cancellationToken)
    {
        var console = TerminalOutput.Console(context.RawError, context.Width);
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
            status.Status(Markup.Escape($"{Visible.OneLine(_stage)}, {Printing.Age(_clock.GetElapsedTime(_started))}"));
            await Task.Delay(TimeSpan.FromSeconds(1), _clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Null when the time is up.</summary>
    private async Task<Reply?> WaitForReplyAsync(CancellationToken cancellationToken)
    {
        for (var first = true; first || TimeLeft > TimeSpan.Zero; first = false)
        {
            var longest = _requests++ switch { 0 => FirstRequest, 1 => SecondRequest, _ => LongestRequest };
            var wait = TimeLeft < longest ? TimeLeft : longest;
            switch (await PostAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, taken: false, cancellationToken))
            {
                case DaemonClient.Response.Received { IsOk: true } response:
                    if (await HearAsync(response.Body) is { } reply)
                        return reply;
                    continue;
                case DaemonClient.Response.Received { Status: < 500 } response:
                    throw new CommandFailure(ExitCode.Failed, response.Detail);
                case DaemonClient.Response.NotRunning when first:
                    throw DaemonClient.NotRunning();
                case DaemonClient.Response.Received response:
                    await SayAsync($"the daemon fails: {response.Detail}");
                    break;
                default:
                    await SayAsync(Gone);
                    (_requests, _seen) = (0, null); // So that its coming back is soon heard.
                    break;
            }
            await Task.Delay(TimeLeft < Pause && TimeLeft > TimeSpan.Zero ? TimeLeft : Pause, _clock, cancellationToken);
        }
        return null;
    }

    /// <summary>Says to the daemon that nobody waits any more, so that it places the reply as soon as there is one. If it has come at this
    /// moment, it is taken.</summary>
    private async Task<Reply?> GiveUpAsync(CancellationToken cancellationToken)
    {
        var response = await daemon.PostAsync("/ask", Body(TimeSpan.Zero) with { GivesUp = true }, Farewell, cancellationToken);
        if (response is not DaemonClient.Response.Received { IsOk: true, Body: var body })
            return null;
        _messageId = body.GetProperty("message").GetString();
        return body.GetProperty("reply").GetString() is { } reply ? new Reply(reply, body.GetProperty("state").GetString()!) : null;
    }

    /// <summary>What a response tells: the reply, that none will come, or what the message waits for. What is as usual is said once it has
    /// lasted for a while.</summary>
    private async Task<Reply?> HearAsync(JsonElement body)
    {
        _messageId = body.GetProperty("message").GetString();
        var state = body.GetProperty("state").GetString()!;
        if (_said == Gone)
            await SayAsync("the daemon is back");
        if (body.GetProperty("reply").GetString() is { } reply)
            return new Reply(reply, state);
        var why = body.GetProperty("why").GetString() ?? _stage;
        if (state == "dead")
            throw new CommandFailure(ExitCode.Failed, $"message {_messageId} was {why}");
        _seen = body.GetProperty("usual").GetBoolean() ? null : why;
        if (_seen is null && _said is null && _requests < 3)
            _stage = why;
        else
            await SayAsync(why);
        return null;
    }

    /// <summary>A terminal shows it with the time that has passed; without one each change is a line.</summary>
    private async Task SayAsync(string stage)
    {
        _stage = stage;
        if (_said == stage)
            return;
        _said = stage;
        if (!context.IsErrorRich)
            await context.Error.WriteLineAsync(stage);
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

    private Task<DaemonClient.Response> PostAsync(TimeSpan wait, bool taken, CancellationToken cancellationToken) =>
        daemon.PostAsync("/ask", Body(wait) with { Taken = taken }, wait + Grace, cancellationToken);

    private AskBody Body(TimeSpan wait) => new(message.SessionId, message.Content, message.Id, wait.TotalSeconds, Taken: null)
    {
        MessageId = message.MessageId,
        Seen = _seen,
    };

    private async Task<int> ReportTimeoutAsync()
    {
        var waited = Duration.Write(timeout);
        await context.Error.WriteLineAsync(_messageId is null
            ? $"no answer from the daemon within {waited}; it may have the message. To ask again without doubling it: --id {message.Id}"
            : $"no reply within {waited} ({_stage}); message {_messageId} is kept, and its reply will be put into {InputFile}");
        return ExitCode.TryLater;
    }
}
