using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.Cli;

/// <summary>One HTTP request on a socket of its own. HttpClient takes longer to load than a hook may cost.</summary>
internal static class TinyHttp
{
    internal sealed record Answer(int Status, string Body);

    /// <summary>Null when nothing answers in time, or not with a whole response.</summary>
    public static Answer? Post(Uri address, string path, string headers, byte[] body, int seconds) =>
        Exchange(address, $"POST {path} HTTP/1.0\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{headers}\r\n", body, seconds);

    public static Answer? Get(Uri address, string path, string headers, int seconds) =>
        Exchange(address, $"GET {path} HTTP/1.0\r\nHost: {address.Authority}\r\n{headers}\r\n", [], seconds);

    private static Answer? Exchange(Uri address, string head, byte[] body, int seconds)
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

    private static Socket? Connect(Uri address, long deadline)
    {
        var ip = IPAddress.TryParse(address.Host.Trim('[', ']'), out var given) ? given : Dns.GetHostAddresses(address.Host).FirstOrDefault();
        if (ip is null)
            return null;
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        try
        {
            socket.Connect(new IPEndPoint(ip, address.Port));
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            if (!socket.Poll(MicrosecondsUntil(deadline), SelectMode.SelectWrite) || socket.Poll(0, SelectMode.SelectError))
            {
                socket.Dispose();
                return null;
            }
        }
        socket.Blocking = true;
        socket.SendTimeout = MicrosecondsUntil(deadline) / 1_000;
        return socket;
    }

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
