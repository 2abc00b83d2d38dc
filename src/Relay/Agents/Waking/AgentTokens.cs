using Relay.Configuration;

namespace Relay.Agents.Waking;

/// <summary>The token with which a woken session speaks to the relay: its connection's, never the operator's.</summary>
internal sealed class AgentTokens(SettingsSource settings, ConnectionBook connections)
{
    public Settings Settings => settings.Current;

    /// <summary>Null when the connection was revoked. A session that came by the operator's token gets a connection of its name.</summary>
    public async Task<string?> OfAsync(Agent agent, CancellationToken cancellationToken)
    {
        var name = agent.Connection is { Length: > 0 } own ? own : agent.Session.Value;
        var known = connections.List();
        if (name != agent.Session.Value && known.Any(each => each.Name == agent.Session.Value))
            return null; // Its name has become a connection's own since its last event, and so have the replies that wait there.
        var entry = ConnectionEntry.Of(known, name);
        if (entry is { RevokedAt: not null } || (entry is null && !ConnectionEntry.IsName(name)))
            return null;
        return (await connections.OpenAsync(entry?.Name ?? name, folder: null, cancellationToken)).Token;
    }
}
