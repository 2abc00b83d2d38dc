using System.Text.Json;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>relay hook headers: what Claude Code sends with each request for the tools. Run by the client each time it connects to the
/// server, so no file of the client has the token.</summary>
internal static class HookHeaders
{
    /// <summary>Without a token the relay says itself what is wrong, and the client shows it.</summary>
    public static string Of(HookOptions options)
    {
        var token = options.Name is { } name ? TokenOf(options.Home, name) : options.Token;
        var fields = new List<string>();
        if (!string.IsNullOrEmpty(token))
            fields.Add($"\"Authorization\":\"Bearer {JsonEncodedText.Encode(token)}\"");
        if (options.Session.Length > 0)
            fields.Add($"\"X-Relay-Session\":\"{JsonEncodedText.Encode(options.Session)}\"");
        return $"{{{string.Join(',', fields)}}}";
    }

    private static string? TokenOf(string home, string name)
    {
        try
        {
            return new ConnectionBook(new RelayHome(home), TimeProvider.System).TokenOf(name);
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            return null;
        }
    }
}
