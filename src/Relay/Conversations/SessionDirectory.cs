using Relay.Configuration;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>Tells from the configuration to which conversation a session belongs, and whether it is accepted.</summary>
internal sealed class SessionDirectory(SettingsSource settings)
{
    public static readonly ConversationId Default = new("default");

    /// <summary>Null when the session is not listed and unknown sessions are not accepted.</summary>
    public ConversationId? ConversationOf(SessionId session)
    {
        var config = settings.Current.Config;
        var listed = config.Sessions.FirstOrDefault(entry => entry.SessionId == session.Value);
        if (listed is not null)
            return new ConversationId(listed.Conversation);
        return config.AcceptUnknownSessions ? Default : null;
    }

    /// <summary>Adds the sessions of the configuration, so that they can get messages before they have sent any.</summary>
    public async Task IntroduceAsync(Writing writing, CancellationToken cancellationToken)
    {
        foreach (var listed in settings.Current.Config.Sessions)
            await SessionStore.IntroduceAsync(
                writing, SessionId.Stored(listed.SessionId), new ConversationId(listed.Conversation), cancellationToken);
    }
}
