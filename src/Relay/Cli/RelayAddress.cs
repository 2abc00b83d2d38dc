using System.Text.Json;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>The address at which sessions reach the relay.</summary>
internal static class RelayAddress
{
    /// <summary>The running daemon's address, else the configured one. Null when the configured port is 0, that is any free one.</summary>
    public static string? Of(RelayHome home, RelayConfig config) => Running(home) ?? Configured(config.Listen);

    private static string? Running(RelayHome home)
    {
        try
        {
            using var endpoint = JsonDocument.Parse(File.ReadAllBytes(home.EndpointFile));
            var root = endpoint.RootElement;
            return IsAlive(root.GetProperty("pid").GetInt32()) ? Reachable(root.GetProperty("url").GetString()!) : null;
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or JsonException
                or KeyNotFoundException or InvalidOperationException or UriFormatException)
        {
            return null;
        }
    }

    private static string? Configured(ListenAddress listen) => listen.Port == 0 ? null : Reachable($"http://{listen}");

    /// <summary>Replaces 0.0.0.0 and [::], to which nobody can connect, by the loopback address.</summary>
    private static string Reachable(string url)
    {
        var address = new UriBuilder(url);
        if (address.Host.Trim('[', ']') is "0.0.0.0" or "::")
            address.Host = "127.0.0.1";
        return address.Uri.GetLeftPart(UriPartial.Authority);
    }

    /// <summary>A crash leaves the endpoint file behind. The lock would tell for certain, but a guess is enough here.</summary>
    private static bool IsAlive(int process)
    {
        try
        {
            using var found = System.Diagnostics.Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
