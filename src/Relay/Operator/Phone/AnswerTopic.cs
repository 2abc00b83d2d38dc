using System.Globalization;
using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Running;
using Relay.Storage;

namespace Relay.Operator.Phone;

/// <summary>Follows the topic to which the operator's phone publishes answers. The relay asks the server, so no port of this machine is
/// open. One batch is one connection: (1) from where it was read, (2) each message once, (3) until it is cut or the settings change.
/// </summary>
internal sealed class AnswerTopic(
    Database database, NtfyTopicReader reader, PhoneAnswers answers, SettingsSource settings, Hearing hearing) : ILoop
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
            hearing.Heard();
            return 0;
        }
        try
        {
            await FollowAsync(poll: false, cancellationToken);
            Poll = AfterCut;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException or TopicUnreadException)
        {
            Poll = hearing.Failed(NtfyAddress.WithoutSecrets(exception.Message, settings.Current.Secrets));
        }
        return 0;
    }

    /// <returns>How many messages were dealt with.</returns>
    public async Task<int> FollowAsync(bool poll, CancellationToken cancellationToken)
    {
        var (way, taken) = (Way(), 0);
        var since = await SinceAsync(cancellationToken); // (1)
        await foreach (var line in reader.ReadAsync(way.Topic, since, poll, cancellationToken))
        {
            hearing.Heard();
            if (line.Event == "message" && line.Id.Length > 0 && await answers.TakeAsync(line, cancellationToken)) // (2)
                taken++;
            if (Way() != way) // (3)
                break;
        }
        return taken;
    }

    private (Uri Server, string Topic, string? Token) Way() =>
        (settings.Current.Secrets.NtfyServer, settings.Current.Secrets.NtfyAnswerTopic, settings.Current.Secrets.NtfyToken);

    /// <summary>At the first start from now on, also over a stop before the first message.</summary>
    private async Task<string> SinceAsync(CancellationToken cancellationToken)
    {
        if (await database.ReadAsync(reading => PhoneInbox.SinceAsync(reading, cancellationToken), cancellationToken) is { } since)
            return since;
        var now = database.Clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        await database.WriteAsync(writing => PhoneInbox.SetSinceAsync(writing, now, cancellationToken), cancellationToken);
        return now;
    }
}
