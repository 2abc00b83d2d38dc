namespace Relay.Http;

/// <summary>To whom the names that a request makes are counted: its credential.</summary>
internal static class NameSource
{
    public static string Of(HttpContext context)
    {
        _ = context; // All requests carry the same token.
        return "token";
    }
}
