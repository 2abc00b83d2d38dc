using Relay.Configuration;
using Relay.Texts;
using Relay.Web.Api;

namespace Relay.Cli;

/// <summary>Says words to the advisor: (1) send them until they are taken, always under the same id, (2) where that is wished, ask until
/// the reply is there, and say what it waits for, (3) print it. A daemon that is restarted meanwhile knows the words by their id.</summary>
internal sealed class SayingToAdvisor(CommandContext context, DaemonClient daemon, WordsBody body, TimeSpan? timeout)
{
    private static readonly TimeSpan LongestRequest = TimeSpan.FromSeconds(20), FirstRequest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500), Grace = TimeSpan.FromSeconds(10);
    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly long _started = TimeProvider.System.GetTimestamp();
    private string? _seen, _told;

    private TimeSpan TimeLeft => (timeout ?? TimeSpan.Zero) - _clock.GetElapsedTime(_started);

    public async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        var said = SayCommand.SaidIn(
            DaemonClient.BodyOf(await OperatorPost.SendAsync(daemon, "/words", body, cancellationToken))); // (1)
        if (timeout is not null && said.State == "waiting")
        {
            await context.Error.WriteLineAsync(SayCommand.Describe(said));
            said = await WaitAsync(said, cancellationToken) with { Outcome = said.Outcome }; // (2)
        }
        if (json)
            context.WriteJson(Json(said));
        else if (timeout is null)
            context.Output.WriteLine(SayCommand.Describe(said));
        return timeout is null ? ExitCode.Done : await ReportAsync(said, json); // (3)
    }

    private object Json(Said said) => new
    {
        said.Outcome,
        said.Conversation,
        said.Message,
        Key = body.Id,
        said.Ruling,
        said.Scope,
        said.State,
        said.Reply,
        said.Why,
        said.Question,
    };

    private async Task<Said> WaitAsync(Said said, CancellationToken cancellationToken)
    {
        for (var longest = FirstRequest; said.State == "waiting" && TimeLeft > TimeSpan.Zero; longest = LongestRequest)
        {
            var wait = TimeLeft < longest ? TimeLeft : longest;
            var request = body with { WaitSeconds = wait.TotalSeconds, Seen = _seen };
            switch (await daemon.PostAsync("/words", request, wait + Grace, cancellationToken))
            {
                case DaemonClient.Response.Received { IsOk: true } response:
                    said = SayCommand.SaidIn(response.Body);
                    _seen = said.Usual ? null : said.Why;
                    await TellAsync(said.State == "waiting" ? said.Why : null);
                    continue;
                case DaemonClient.Response.Received { Status: < 500 } response:
                    throw new CommandFailure(ExitCode.Failed, response.Detail);
                default:
                    await TellAsync("the daemon is gone; waiting for it to come back");
                    await Task.Delay(TimeLeft < Pause && TimeLeft > TimeSpan.Zero ? TimeLeft : Pause, _clock, cancellationToken);
                    break;
            }
        }
        return said;
    }

    private async Task TellAsync(string? why)
    {
        if (why is null || why == _told)
            return;
        _told = why;
        await context.Error.WriteLineAsync(Visible.OneLine(why));
    }

    private async Task<int> ReportAsync(Said said, bool json)
    {
        switch (said.State)
        {
            case "replied":
                if (!json)
                    context.WriteContent((said.Reply ?? "").TrimEnd('\n'));
                return ExitCode.Done;
            case "asks":
                if (!json)
                    context.WriteContent((said.Why ?? "").TrimEnd('\n'));
                await context.Error.WriteLineAsync(
                    $"the advisor asks back, as question #{said.Question}: relay answer {said.Question} TEXT; "
                    + "its reply comes as a page then");
                return ExitCode.Done;
            case "waiting":
                var waited = Duration.Write(timeout!.Value);
                await context.Error.WriteLineAsync(
                    $"no reply within {waited} ({Visible.OneLine(said.Why ?? "waiting")}); message {said.Message} is kept, "
                    + "and its reply comes in relay watch, on the page, and by page");
                return ExitCode.TryLater;
            default:
                await context.Error.WriteLineAsync(
                    $"no reply will come to message {said.Message}: {Visible.OneLine(said.Why ?? said.State)}");
                return ExitCode.Failed;
        }
    }
}
