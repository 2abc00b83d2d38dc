namespace Relay.Conversations;

/// <summary>The form in which an enum stands in the database and on a screen.</summary>
internal static class Words
{
    public static string Word<T>(this T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
