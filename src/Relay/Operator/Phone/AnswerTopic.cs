using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Running;

namespace Relay.Operator.Phone;

/// <summary>Follows the topic to which the operator's phone publishes answers. The relay asks the server, so no port of this machine is
/// open. One batch is one connection: each message once, until it is cut or the settings change.
/// </summary>
internal sealed class AnswerTopic(
    AnswerLines lines, PhoneAnswers answers, SettingsSource settings, Hearing hearing, ChangeFeed changes) : ILoop
{
    private static readonly TimeSpan WithoutTopic = TimeSpan.FromSeconds(30), AfterCut = TimeSpan.FromSeconds(1);

    public string Name => "following the answer topic";

    public Topic? WakesOn => Topic.Settings;

    public TimeSpan Poll { get; private set; } = WithoutTopic;

    public async Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        Poll = WithoutTopic;
        if (settings.Current.Config.Phone.Buttons == PageButtons.Off || Way().Topic.Length == 0)
        {
            hearing.NotWanted();
            return 0;
        }
        try
        {
            var way = Way();
            await FollowUntilChangedAsync(cancellationToken);
            Poll = Way() == way && settings.Current.Config.Phone.Buttons != PageButtons.Off ? hearing.Ended(AfterCut) : AfterCut;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException or TopicUnreadException)
        {
            Poll = hearing.Failed(NtfyAddress.WithoutSecrets(exception.Message, settings.Current.Secrets));
        }
        return 0;
    }

    /// <summary>Pages that are sent after a change of the settings name the new topic, so the old one is left at once.</summary>
    private async Task FollowUntilChangedAsync(CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var watching = WatchAsync(over);
        try
        {
            await FollowAsync(poll: false, over.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            await over.CancelAsync();
            await watching;
        }
    }

    private async Task WatchAsync(CancellationTokenSource over)
    {
        using var changed = changes.Subscribe(Topic.Settings);
        for (var way = Way(); !over.IsCancellationRequested;)
        {
            await changed.WaitAsync(WithoutTopic, lines.Clock, over.Token);
            if (Way() != way || settings.Current.Config.Phone.Buttons == PageButtons.Off)
                await over.CancelAsync();
        }
    }

    /// <returns>How many messages were dealt with.</returns>
    public async Task<int> FollowAsync(bool poll, CancellationToken cancellationToken)
    {
        var (way, taken) = (Way(), 0);
        hearing.Connecting();
        await foreach (var line in lines.ReadAsync(way.Topic, poll, cancellationToken))
        {
            var isNew = line.IsMessage && await answers.TakeAsync(line, cancellationToken);
            taken += isNew ? 1 : 0;
            hearing.Line(isNew);
            if (line is { IsOverlong: true, IsMessage: false })
                hearing.Skipped();
            if (Way() != way)
                break;
        }
        hearing.CaughtUp();
        return taken;
    }

    private (Uri Server, string Topic, string? Token) Way() =>
        (settings.Current.Secrets.NtfyServer, settings.Current.Secrets.NtfyAnswerTopic, settings.Current.Secrets.NtfyToken);
}
