using Relay.Configuration;

namespace Relay.Cli;

/// <summary>The address at which sessions reach the relay.</summary>
internal static class RelayAddress
{
    /// <summary>The running daemon's address, else the configured one. Null when the configured port is 0, that is any free one.</summary>
    public static string? Of(RelayHome home, RelayConfig config) => Running(home) ?? Configured(config.Listen);

    private static string? Running(RelayHome home) => RunningEndpoint.Of(home) is { } url ? Reachable(url) : null;

    private static string? Configured(ListenAddress listen) => listen.Port == 0 ? null : Reachable($"http://{listen}");

    /// <summary>Replaces 0.0.0.0 and [::], to which nobody can connect, by the loopback address.</summary>
    private static string Reachable(string url)
    {
        var address = new UriBuilder(url);
        if (address.Host.Trim('[', ']') is "0.0.0.0" or "::")
            address.Host = "127.0.0.1";
        return address.Uri.GetLeftPart(UriPartial.Authority);
    }
}
