using System.Globalization;
using System.Security.Cryptography;
using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Operator.Phone;

namespace Relay.Cli;

/// <summary>Whether an answer from the phone would arrive: (1) publishes to the answer topic what a button would, (2) reads it back as the
/// daemon does, (3) says whether pages have buttons.</summary>
internal sealed class RoundTripCheck(NtfyTopicReader reader, SettingsSource settings, TimeProvider clock)
{
    private const string Name = "answers";

    private static readonly TimeSpan Before = TimeSpan.FromMinutes(1); // The server's clock may differ.

    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        var (config, secrets) = (settings.Current.Config, settings.Current.Secrets);
        if (config.Phone.Buttons == PageButtons.Off)
            return Finding.Skipped(Name, "page_buttons is off: nothing is taken from the phone");
        if (secrets.NtfyAnswerTopic.Length == 0)
            return Finding.Skipped(Name, "the topic is made by relay run");
        var text = PhoneAnswers.Check + RandomNumberGenerator.GetHexString(16, lowercase: true);
        if (await reader.PublishAsync(secrets.NtfyAnswerTopic, text, cancellationToken) is { } refused) // (1)
            return Finding.Fault(
                Name, $"what a button publishes is not taken: {refused}",
                "give NTFY_ANSWER_TOKEN, or NTFY_TOKEN, the right to write to the answer topic: relay topic prints it");
        if (await WhyNotHeardAsync(secrets.NtfyAnswerTopic, text, cancellationToken) is { } reason) // (2)
            return Finding.Fault(
                Name, $"what is published to the answer topic does not come back: {reason}",
                "give NTFY_TOKEN the right to read the answer topic: relay topic prints it");
        var isProtected = await new TopicProtection(reader, settings, clock).IsProtectedAsync(cancellationToken); // (3)
        return Finding.Ok(Name, $"what the phone publishes comes back; {Buttons(config.Phone.Buttons, isProtected)}");
    }

    private static string Buttons(PageButtons buttons, bool isProtected) => (isProtected, buttons) switch
    {
        (true, _) => "pages have buttons, for nobody reads the topic without a token",
        (false, PageButtons.Open) => "pages have buttons, and whoever reads the topic can answer for you; allow has none",
        _ => "pages have no buttons, for everybody may read the topic: see page_buttons in config.yaml",
    };

    private async Task<string?> WhyNotHeardAsync(string topic, string text, CancellationToken cancellationToken)
    {
        var since = (clock.GetUtcNow() - Before).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        try
        {
            await foreach (var line in reader.ReadAsync(topic, since, poll: true, cancellationToken))
                if (line.Message == text)
                    return null;
            return "it is not among what the server keeps";
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TimeoutException or TopicUnreadException)
        {
            return NtfyAddress.WithoutSecrets(exception.Message, settings.Current.Secrets);
        }
    }
}
