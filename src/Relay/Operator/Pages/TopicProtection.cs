using Relay.Configuration;

namespace Relay.Operator.Pages;

/// <summary>Who reads the pages.</summary>
internal enum TopicAccess
{
    /// <summary>Only who has a token.</summary>
    Protected,

    /// <summary>Everybody who knows the topic's name.</summary>
    Open,

    /// <summary>The server did not say.</summary>
    Unknown,
}

/// <summary>Whether only who has a token reads the pages: the relay has one, and the server turns away who has none. Until the server says
/// so they count as open to everybody. The name of an answer topic that the operator chose may be guessed, so the server is asked for that
/// as well; the relay's own name of it is a secret.</summary>
internal sealed class TopicProtection(NtfyTopicReader reader, SettingsSource settings, TimeProvider clock)
{
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private ((Uri Server, string Topic, string? Answers) Where, long At)? _protected;

    public async Task<bool> IsProtectedAsync(CancellationToken cancellationToken) =>
        await AccessAsync(cancellationToken) == TopicAccess.Protected;

    public async Task<TopicAccess> AccessAsync(CancellationToken cancellationToken)
    {
        var secrets = settings.Current.Secrets;
        if (secrets.NtfyTopic.Length == 0 || (secrets.NtfyToken ?? secrets.NtfyAnswerToken) is null)
            return TopicAccess.Open;
        var where = (secrets.NtfyServer, secrets.NtfyTopic, secrets.NtfyAnswerTopicGiven);
        if (_protected is { } known && known.Where == where && clock.GetElapsedTime(known.At) < Kept)
            return TopicAccess.Protected;
        var access = await AskAsync(secrets, cancellationToken);
        _protected = access == TopicAccess.Protected ? (where, clock.GetTimestamp()) : null;
        return access;
    }

    private async Task<TopicAccess> AskAsync(Secrets secrets, CancellationToken cancellationToken)
    {
        foreach (var topic in (string?[])[secrets.NtfyTopic, secrets.NtfyAnswerTopicGiven])
            if (topic is not null && await reader.IsOpenAsync(topic, cancellationToken) is not false and var isOpen)
                return isOpen is null ? TopicAccess.Unknown : TopicAccess.Open;
        return TopicAccess.Protected;
    }
}
