using Relay.Configuration;
using Relay.Storage;

namespace Relay.Conversations;

/// <summary>Tells from the configuration to which conversation a session belongs, and whether it is accepted.</summary>
internal sealed class SessionDirectory(SettingsSource settings)
{
    public static readonly ConversationId Default = new("default");

    /// <summary>Null when the session is refused.</summary>
    public ConversationId? ConversationOf(SessionId session)
    {
        if (Refusal(session) is not null)
            return null;
        return Listed(session) is { } listed ? new ConversationId(listed.Conversation) : Default;
    }

    /// <summary>Why the session may not speak; null when it may.</summary>
    public string? Refusal(SessionId session)
    {
        if (IsOperators(session.Value))
            return $"\"{session}\" is the operator's own name, which no session may have";
        return settings.Current.Config.AcceptUnknownSessions || IsListed(session)
            ? null
            : $"session \"{session}\" is not listed under sessions in config.yaml, and accept_unknown_sessions is false";
    }

    public bool AcceptsUnknown => settings.Current.Config.AcceptUnknownSessions;

    public int MaxRounds => settings.Current.Config.Agents.MaxRounds;

    public int NewNamesPerHour => settings.Current.Config.Agents.NewNamesPerHour;

    public bool IsListed(SessionId session) => Listed(session) is not null;

    public string OperatorsName => settings.Current.Config.Operator.Name;

    /// <summary>A session of this name would be taken for the operator.</summary>
    public bool IsOperators(string name) => ReservedNames.IsOperators(name, OperatorsName);

    private SessionConfig? Listed(SessionId session) =>
        settings.Current.Config.Sessions.FirstOrDefault(entry => entry.SessionId == session.Value);

    /// <summary>Adds the sessions of the configuration, so that they can get messages before they have sent any.</summary>
    public async Task IntroduceAsync(Writing writing, CancellationToken cancellationToken)
    {
        foreach (var listed in settings.Current.Config.Sessions)
            await SessionStore.IntroduceAsync(
                writing, SessionId.Stored(listed.SessionId), new ConversationId(listed.Conversation), cancellationToken);
    }
}
