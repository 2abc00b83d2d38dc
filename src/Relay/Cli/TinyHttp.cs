using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Relay.Files;

namespace Relay.Cli;

/// <summary>Sends one HTTP/1.0 request over a socket. For hooks, which must be fast: loading HttpClient would take too long.</summary>
internal static class TinyHttp
{
    internal sealed record Response(int Status, string Body);

    /// <summary>No answer of the relay is as long.</summary>
    private const int Longest = 64 * 1024 * 1024;

    /// <summary>The parts of an http address. Loading Uri would take longer.</summary>
    internal sealed record HostAndPort(string Authority, string Host, int Port)
    {
        private const int DefaultPort = 80;

        /// <summary>The Unix socket to use; null for TCP.</summary>
        public string? Socket { get; private init; }

        public static HostAndPort Local(string socket) => new("localhost", "localhost", DefaultPort) { Socket = socket };

        public static HostAndPort? Parse(string url)
        {
            const string scheme = "http://";
            if (!url.StartsWith(scheme, StringComparison.Ordinal))
                return null;
            var authority = url[scheme.Length..];
            var colon = authority.LastIndexOf(':');
            if (colon < 0 || authority.EndsWith(']'))
                return new HostAndPort(authority, authority.Trim('[', ']'), DefaultPort);
            return ushort.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
                ? new HostAndPort(authority, authority[..colon].Trim('[', ']'), port)
                : null;
        }
    }

    /// <summary>Null when no complete response comes in time.</summary>
    /// <param name="headers">Each with its line break.</param>
    public static Response? Post(HostAndPort address, string path, string headers, byte[] body, int seconds)
    {
        var ofBody = $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n";
        return Send(address, $"POST {path} HTTP/1.0\r\nHost: {address.Authority}\r\n{ofBody}{headers}\r\n", body, seconds);
    }

    /// <summary>Null when no complete response comes in time.</summary>
    /// <param name="headers">Each with its line break.</param>
    public static Response? Get(HostAndPort address, string path, string headers, int seconds) =>
        Send(address, $"GET {path} HTTP/1.0\r\nHost: {address.Authority}\r\n{headers}\r\n", [], seconds);

    private static Response? Send(HostAndPort address, string head, byte[] body, int seconds)
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
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return null;
        }
    }

    private static Socket? Connect(HostAndPort address, long deadline)
    {
        if (address.Socket is { } path)
            return LocalSocket.Connect(path, TimeSpan.FromMicroseconds(MicrosecondsUntil(deadline)));
        if ((IPAddress.TryParse(address.Host, out var given) ? given : Resolve(address.Host)) is not { } ip)
            return null;
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            SendTimeout = Math.Max(MicrosecondsUntil(deadline) / 1_000, 1), // On Linux it limits the time to connect as well.
        };
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

    /// <summary>In HTTP/1.0 the body ends when the connection is closed.</summary>
    private static Response? Read(Socket socket, long deadline)
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
            if (received.Length + count > Longest)
                return null;
            received.Write(buffer, 0, count);
        }
        return Parse(received.GetBuffer().AsSpan(0, (int)received.Length));
    }

    private static Response? Parse(ReadOnlySpan<byte> response)
    {
        var end = response.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;
        var head = Encoding.ASCII.GetString(response[..end]);
        var words = head.Split(' ', 3);
        if (words.Length < 2 || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            return null;
        var body = response[(end + 4)..];
        return Length(head) is { } length && length != body.Length ? null : new Response(status, Encoding.UTF8.GetString(body));
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
