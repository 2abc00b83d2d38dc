using System.Text;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Intake;

namespace Relay.Agents;

/// <summary>Accepts what sessions send by a tool call or a hook. The limit is the same as for an envelope.</summary>
internal sealed class AgentIntake(Inbox inbox, SettingsSource settings)
{
    /// <summary>How many times in a row a session and the advisor may answer each other without a human.</summary>
    public int MaxRounds => settings.Current.Config.Agents.MaxRounds;

    public Task<Inbox.Acceptance> AcceptAsync(
        SessionId session, string content, string key, ReplyChannel channel, CancellationToken cancellationToken) =>
        TooLong(content) is { } reason
            ? Task.FromResult<Inbox.Acceptance>(new Inbox.Acceptance.Refused(reason))
            : inbox.AcceptAsync(session, WithoutNul(content), key, channel, cancellationToken);

    /// <summary>Null when the text is within the limit.</summary>
    public string? TooLong(string text)
    {
        var limit = settings.Current.Config.MaxEnvelopeBytes;
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= limit
            ? null
            : FormattableString.Invariant($"this is {bytes} bytes, and max_envelope_bytes allows {limit}: send a summary");
    }

    /// <summary>In the database a text ends at a NUL: what follows would be lost.</summary>
    private static string WithoutNul(string text) => text.Replace('\0', '\uFFFD');
}
