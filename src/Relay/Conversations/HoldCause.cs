namespace Relay.Conversations;

/// <summary>Why a message is held until somebody removes the cause.</summary>
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
