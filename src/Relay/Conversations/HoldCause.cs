using Relay.Costs;

namespace Relay.Conversations;

/// <summary>Why work is held until somebody mends it. Each is paged once until it clears.</summary>
internal enum HoldCause
{
    Credentials,
    Credit,
    SpendLimit,
    Model,
    Request,
    Empty,
    Context,
    Budget,
    Refusal,

    /// <summary>A fault of this program.</summary>
    Fault,
}
