using System.Text.Json;
using Relay.Configuration;
using Relay.Http;

namespace Relay.Cli;

/// <summary>Where sessions reach the relay.</summary>
internal static class RelayAddress
{
    /// <summary>The running daemon's address, else the configured one; null when that is any free port.</summary>
    public static string? Of(RelayHome home, RelayConfig config) => Running(home) ?? Configured(config.Listen);

    private static string? Running(RelayHome home)
    {
        try
        {
            using var endpoint = JsonDocument.Parse(File.ReadAllBytes(home.EndpointFile));
            return IsAlive(endpoint.RootElement.GetProperty("pid").GetInt32()) ? Reachable(endpoint.RootElement.GetProperty("url").GetString()!) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or UriFormatException)
        {
            return null;
        }
    }

    private static string? Configured(ListenAddress listen) => listen.Port == 0 ? null : Reachable($"http://{listen}");

    /// <summary>Listening everywhere is no address to call.</summary>
    private static string Reachable(string url)
    {
        var address = new UriBuilder(url);
        if (address.Host.Trim('[', ']') is "0.0.0.0" or "::")
            address.Host = "127.0.0.1";
        return address.Uri.GetLeftPart(UriPartial.Authority);
    }

    /// <summary>After a crash the file is still there; the lock says more, but this need not be more than a guess.</summary>
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
