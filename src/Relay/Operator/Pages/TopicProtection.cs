using Relay.Configuration;

namespace Relay.Operator.Pages;

/// <summary>Whether only who has a token reads the pages: the relay has one, and the server turns away who has none. Until the server says
/// so they count as open to everybody.</summary>
internal sealed class TopicProtection(NtfyTopicReader reader, SettingsSource settings, TimeProvider clock)
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private ((Uri Server, string Topic) Where, long At)? _protected;

    public async Task<bool> IsProtectedAsync(CancellationToken cancellationToken)
    {
        var secrets = settings.Current.Secrets;
        if (secrets.NtfyTopic.Length == 0 || (secrets.NtfyToken ?? secrets.NtfyAnswerToken) is null)
            return false;
        var where = (secrets.NtfyServer, secrets.NtfyTopic);
        if (_protected is { } known && known.Where == where && clock.GetElapsedTime(known.At) < Kept)
            return true;
        var isOpen = await reader.IsOpenAsync(secrets.NtfyTopic, cancellationToken);
        _protected = isOpen == false ? (where, clock.GetTimestamp()) : null;
        return isOpen == false;
    }
}
