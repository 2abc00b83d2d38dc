using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Relay.Files.Platform;
using Relay.Operator;

namespace Relay.Cli;

/// <summary>One HTTP request on a socket of its own. HttpClient takes longer to load than a hook may cost.</summary>
internal static class TinyHttp
{
    internal sealed record Answer(int Status, string Body);

    /// <summary>Of an http address. Uri takes longer to load.</summary>
    internal sealed record HostAndPort(string Authority, string Host, int Port)
    {
        private const int UsualPort = 80;

        public static HostAndPort? Of(string url)
        {
            const string scheme = "http://";
            if (!url.StartsWith(scheme, StringComparison.Ordinal))
                return null;
            var authority = url[scheme.Length..];
            var colon = authority.LastIndexOf(':');
            if (colon < 0 || authority.EndsWith(']'))
                return new HostAndPort(authority, authority.Trim('[', ']'), UsualPort);
            return int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= ushort.MaxValue
                ? new HostAndPort(authority, authority[..colon].Trim('[', ']'), port)
                : null;
        }
    }

    /// <summary>Null when nothing answers in time, or not with a whole response.</summary>
    public static Answer? Post(HostAndPort address, string path, string headers, byte[] body, int seconds) =>
        Exchange(address, $"POST {path} HTTP/1.0\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{headers}\r\n", body, seconds);

    public static Answer? Get(HostAndPort address, string path, string headers, int seconds) =>
        Exchange(address, $"GET {path} HTTP/1.0\r\nHost: {address.Authority}\r\n{headers}\r\n", [], seconds);

    private static Answer? Exchange(HostAndPort address, string head, byte[] body, int seconds)
    {
        var deadline = Stopwatch.GetTimestamp() + (seconds * Stopwatch.Frequency);
        try
        {
            using var socket = Connect(address, deadline);
            if (socket is null)
                return null;
            socket.Send(Encoding.ASCII.GetBytes(head));
            for (var sent = 0; sent < body.Length;)
                sent += socket.Send(body.AsSpan(sent));
            return Read(socket, deadline);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static Socket? Connect(HostAndPort address, long deadline)
    {
        if ((IPAddress.TryParse(address.Host, out var given) ? given : Resolve(address.Host)) is not { } ip)
            return null;
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { SendTimeout = Math.Max(MicrosecondsUntil(deadline) / 1_000, 1) }; // On Linux that limits the connecting too.
        try
        {
            socket.Connect(new IPEndPoint(ip, address.Port));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static IPAddress? Resolve(string host) =>
        host == "localhost" ? IPAddress.Loopback : Dns.GetHostAddresses(host) is [var first, ..] ? first : null;

    /// <summary>HTTP/1.0: the end of the connection is the end of the body.</summary>
    private static Answer? Read(Socket socket, long deadline)
    {
        using var received = new MemoryStream();
        var buffer = new byte[16_384];
        while (true)
        {
            if (!socket.Poll(MicrosecondsUntil(deadline), SelectMode.SelectRead))
                return null;
            var count = socket.Receive(buffer);
            if (count == 0)
                break;
            received.Write(buffer, 0, count);
        }
        return Parse(received.GetBuffer().AsSpan(0, (int)received.Length));
    }

    private static Answer? Parse(ReadOnlySpan<byte> response)
    {
        var end = response.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;
        var head = Encoding.ASCII.GetString(response[..end]);
        var words = head.Split(' ', 3);
        if (words.Length < 2 || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            return null;
        var body = response[(end + 4)..];
        return Length(head) is { } length && length != body.Length ? null : new Answer(status, Encoding.UTF8.GetString(body));
    }

    private static int? Length(string head)
    {
        const string name = "\r\nContent-Length:";
        var at = head.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return null;
        var value = head[(at + name.Length)..].Split('\r', 2)[0];
        return int.TryParse(value, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out var length) ? length : null;
    }

    private static int MicrosecondsUntil(long deadline) =>
        (int)Math.Clamp((deadline - Stopwatch.GetTimestamp()) * 1_000_000 / Stopwatch.Frequency, 0, int.MaxValue);
}
