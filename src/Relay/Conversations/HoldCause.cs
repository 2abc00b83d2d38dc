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

internal static class HoldCauses
{
    /// <summary>What concerns every call, and is over once one call is answered.</summary>
    public static readonly IReadOnlyList<HoldCause> OfTheApi =
        [HoldCause.Credentials, HoldCause.Credit, HoldCause.SpendLimit, HoldCause.Model];
}
