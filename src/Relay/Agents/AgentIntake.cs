using System.Text;
using Relay.Configuration;
using Relay.Intake;

namespace Relay.Agents;

/// <summary>Accepts what sessions send by a tool call or a hook. The limit is the same as for an envelope.</summary>
internal sealed class AgentIntake(Inbox inbox, SettingsSource settings, Rounds rounds)
{
    public async Task<Inbox.Acceptance> AcceptAsync(Incoming incoming, CancellationToken cancellationToken)
    {
        if (TooLong(incoming.Content) is { } reason)
            return new Inbox.Acceptance.Refused(reason);
        var acceptance = await inbox.AcceptAsync(incoming, cancellationToken);
        if (acceptance is Inbox.Acceptance.Refused { IsBound: true } bound)
            await rounds.RefusedAsync(incoming.Session, bound.Reason, cancellationToken);
        return acceptance;
    }

    /// <summary>What a session says by itself in relay mode, as long as it may.</summary>
    public async Task<Inbox.Acceptance> AcceptRoundAsync(Incoming incoming, CancellationToken cancellationToken)
    {
        var round = await rounds.TakeAsync(incoming.Session, cancellationToken);
        if (round.Refusal is { } refusal)
            return new Inbox.Acceptance.Refused(refusal);
        var acceptance = await AcceptAsync(incoming with { IsRound = true }, cancellationToken);
        if (acceptance is Inbox.Acceptance.Accepted accepted)
            await rounds.MadeAsync(round, accepted.Message, CancellationToken.None);
        else
            await rounds.GiveBackAsync(round, CancellationToken.None);
        return acceptance;
    }

    /// <summary>Null when the text is within the limit.</summary>
    public string? TooLong(string text)
    {
        var limit = settings.Current.Config.MaxEnvelopeBytes;
        var bytes = Encoding.UTF8.GetByteCount(text);
        return bytes <= limit
            ? null
            : FormattableString.Invariant($"this is {bytes} bytes, and max_envelope_bytes allows {limit}: send a summary");
    }
}
