using Relay.Configuration;
using Relay.Http;

namespace Relay.Cli;

/// <summary>The address at which sessions reach the relay.</summary>
internal static class RelayAddress
{
    /// <summary>The running daemon's address, else the configured one. Null when the configured port is 0, that is any free one.</summary>
    public static string? Of(RelayHome home, RelayConfig config) => Running(home) ?? Configured(config.Listen);

    private static string? Running(RelayHome home) => RunningEndpoint.Of(home) is { } url ? Listening.Reachable(url) : null;

    private static string? Configured(ListenAddress listen) =>
        listen.Port == 0 ? null : Listening.Reachable($"{(listen.Tls is null ? "http" : "https")}://{listen}");
}
