using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Relay.Configuration;

/// <summary>Where HTTP listens. An IPv6 host is kept without its brackets; port 0 means any free port.</summary>
internal sealed partial record ListenAddress(string Host, int Port)
{
    /// <summary>With which it speaks TLS; null for plain HTTP.</summary>
    public TlsConfig? Tls { get; init; }

    /// <summary>Somebody has put a proxy before it that speaks TLS.</summary>
    public bool IsBehindProxy { get; init; }

    /// <summary>Only this machine reaches it.</summary>
    public bool IsLocal => Host == "localhost" || (IPAddress.TryParse(Host, out var ip)
        && IPAddress.IsLoopback(ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip));

    /// <summary>What is open, in words; null when it is nothing.</summary>
    public string? Openness => IsLocal ? null : $"open to the network at {this}, {(Tls is null ? "behind a proxy" : "TLS")}";

    public static ListenAddress? Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
            return null;
        var port = int.Parse(match.Groups["port"].Value, CultureInfo.InvariantCulture);
        if (port > IPEndPoint.MaxPort)
            return null;

        var host = match.Groups["host"].Value;
        return host == "localhost" || IPAddress.TryParse(host, out _) ? new ListenAddress(host, port) : null;
    }

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    // Four numbers without leading zeros: IPAddress alone would also accept 127.1, a single number and octal numbers.
    [GeneratedRegex(
        """
        \A
        ( \[ (?<host> [0-9A-Fa-f.]* : [0-9A-Fa-f:.]* ) \]
        | (?<host> localhost | (0|[1-9][0-9]{0,2}) ( \. (0|[1-9][0-9]{0,2}) ){3} )
        )
        : (?<port> [0-9]{1,5} )
        \z
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Pattern();
}
