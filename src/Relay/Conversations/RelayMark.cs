namespace Relay.Conversations;

/// <summary>Begins what the relay itself says to the advisor. No session's name can be it, because of the space, and no line of what
/// somebody wrote begins with a bracket.</summary>
internal static class RelayMark
{
    public const string Text = "[the relay]";

    /// <summary>In entries of an older relay, which stay as they were sent.</summary>
    public const string Older = "[relay]";
}
