namespace Relay.Conversations;

/// <summary>Why a message is held until somebody removes the cause.</summary>
internal enum HoldCause
{
    Credentials,
    Credit,
    SpendLimit,
    Model,

    /// <summary>What answers at the API's address is not the API: a proxy, a sign-in page, a redirect.</summary>
    Gateway,

    Request,
    Empty,
    Context,
    Budget,

    /// <summary>The model has no known price, so a cap cannot be kept.</summary>
    Price,
    Refusal,

    /// <summary>Calls were, or perhaps were, paid for, and each brought nothing.</summary>
    Wasted,

    /// <summary>A fault of this program.</summary>
    Fault,
}

internal static class HoldCauses
{
    /// <summary>What concerns every call, and is over once one call is answered.</summary>
    public static readonly IReadOnlyList<HoldCause> OfTheApi =
        [HoldCause.Credentials, HoldCause.Credit, HoldCause.SpendLimit, HoldCause.Model, HoldCause.Gateway];

    /// <summary>What can be over after a restart: the environment, the prices and the account are looked at anew.</summary>
    public static readonly IReadOnlyList<HoldCause> OfAStart = [.. OfTheApi, HoldCause.Budget, HoldCause.Price];
}
