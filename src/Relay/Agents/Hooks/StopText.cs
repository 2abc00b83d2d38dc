using Relay.Dispatch;

namespace Relay.Agents.Hooks;

/// <summary>The words with which a Stop hook makes a session go on. The client tells its model to follow what the hook itself asks, and to
/// take what the hook only relays for data: so the hook asks.</summary>
internal static class StopText
{
    public const string Own = "Go on: ";

    public static string Of(Handover.Lease lease) => lease.Ordered.First() switch
    {
        { Message: not null, IsOperators: false } => Own + lease.Text,
        { IsOperators: true } => "Go on, and do what the operator has sent to this session:\n\n" + lease.Text,
        _ => "Go on, and take up what was sent to this session:\n\n" + lease.Text,
    };
}
