using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Relay.Configuration;

/// <summary>Where HTTP listens. The host of an IPv6 address has no brackets; port 0 is any free one.</summary>
internal sealed partial record ListenAddress(string Host, int Port)
{
    public static ListenAddress? Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success || !int.TryParse(match.Groups["port"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
            return null;

        var host = match.Groups["host"].Value;
        return host == "localhost" || IPAddress.TryParse(host, out _) ? new ListenAddress(host, port) : null;
    }

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    // Four parts without leading zeros: IPAddress alone would take 127.1, 1 and octal parts too.
    [GeneratedRegex(@"\A(\[(?<host>[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|(?<host>localhost|(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3})):(?<port>[0-9]{1,5})\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
