namespace Relay.Conversations;

/// <summary>Reasons of holds that the relay itself finds: nobody has answered, or rejected anything.</summary>
internal static class HoldReasons
{
    public const string NoKey = "ANTHROPIC_API_KEY is not set";

    public const string UserInAddress = "ANTHROPIC_BASE_URL has a user and password, which cannot be sent beside the key: take them out";

    public const string NoMemory = "there is not enough memory for it";
}
