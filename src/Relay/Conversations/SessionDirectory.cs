using Relay.Configuration;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>Which conversation a session belongs to, and whether it may speak at all, by the configuration in force.</summary>
internal sealed class SessionDirectory(SettingsSource settings)
{
    public static readonly ConversationId Default = new("default");

    /// <summary>Null when the session is not listed and unknown ones are not accepted.</summary>
    public ConversationId? ConversationOf(SessionId session)
    {
        var config = settings.Current.Config;
        var listed = config.Sessions.FirstOrDefault(entry => entry.SessionId == session.Value);
        if (listed is not null)
            return new ConversationId(listed.Conversation);
        return config.AcceptUnknownSessions ? Default : null;
    }

    /// <summary>Makes the listed sessions known before they speak, so that they can be spoken to.</summary>
    public async Task IntroduceAsync(Writing writing, CancellationToken cancellationToken)
    {
        foreach (var listed in settings.Current.Config.Sessions)
            await SessionStore.IntroduceAsync(
                writing, SessionId.Stored(listed.SessionId), new ConversationId(listed.Conversation), cancellationToken);
    }
}
