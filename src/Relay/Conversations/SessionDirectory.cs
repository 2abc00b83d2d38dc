using Relay.Configuration;

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
}
