using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Intake;

namespace Relay.Agents;

/// <summary>The way in for what sessions say by a tool call or a hook, under the same limit as an envelope.</summary>
internal sealed class AgentIntake(Inbox inbox, SettingsSource settings)
{
    /// <summary>How many rounds a session may make with the advisor without a human.</summary>
    public int MaxRounds => settings.Current.Config.Agents.MaxRounds;

    public Task<Inbox.Acceptance> AcceptAsync(
        SessionId session, string content, string key, ReplyChannel channel, CancellationToken cancellationToken) =>
        TooLong(content) is { } reason
            ? Task.FromResult<Inbox.Acceptance>(new Inbox.Acceptance.Refused(reason))
            : inbox.AcceptAsync(session, content.Replace('\0', '\uFFFD'), key, channel, cancellationToken); // The database's text ends at a NUL: what follows would be lost.

    /// <summary>Null when the text is within the limit.</summary>
    public string? TooLong(string text)
    {
        var limit = settings.Current.Config.MaxEnvelopeBytes;
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= limit ? null : FormattableString.Invariant($"this is {bytes} bytes, and max_envelope_bytes allows {limit}: send a summary");
    }
}
