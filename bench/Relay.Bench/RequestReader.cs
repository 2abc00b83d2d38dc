using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Relay.Bench;

/// <summary>Finds where a request ends, by its content-length or its last chunk, and keeps nothing of it. One at a time: a client waits for
/// the answer before it asks again, so what was received after a request's end does not occur.</summary>
internal sealed class RequestReader(Socket connection)
{
    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _received;
    private int _bodyStart;
    private long? _contentLength;

    /// <summary>False when the client closed the connection between two requests.</summary>
    public bool ReadHead()
    {
        _received = 0;
        while ((_bodyStart = _buffer.AsSpan(0, _received).IndexOf("\r\n\r\n"u8) + 4) < 4)
        {
            var count = connection.Receive(_buffer, _received, _buffer.Length - _received, SocketFlags.None);
            if (count == 0)
                return false;
            _received += count;
        }
        _contentLength = ContentLength(Encoding.ASCII.GetString(_buffer, 0, _bodyStart));
        return true;
    }

    public void ReadBody()
    {
        if (_contentLength is { } length)
            SkipTo(length);
        else
            SkipChunks();
    }

    private void SkipTo(long length)
    {
        for (var left = length - (_received - _bodyStart); left > 0; left -= _received)
            Receive(keep: 0);
    }

    /// <summary>The text inside is JSON, which has no bare line breaks of this kind: the last chunk cannot be mistaken.</summary>
    private void SkipChunks()
    {
        var end = "\r\n0\r\n\r\n"u8;
        _buffer.AsSpan(_bodyStart - 2, _received - _bodyStart + 2).CopyTo(_buffer); // From the line break before the first chunk on.
        _received -= _bodyStart - 2;
        while (!_buffer.AsSpan(0, _received).EndsWith(end))
        {
            var keep = Math.Min(_received, end.Length);
            _buffer.AsSpan(_received - keep, keep).CopyTo(_buffer);
            Receive(keep);
        }
    }

    private void Receive(int keep)
    {
        var count = connection.Receive(_buffer, keep, _buffer.Length - keep, SocketFlags.None);
        if (count == 0)
            throw new EndOfStreamException("the client left in the middle of a request");
        _received = keep + count;
    }

    /// <summary>Null for a chunked body.</summary>
    private static long? ContentLength(string head)
    {
        const string name = "\r\nContent-Length:";
        var at = head.IndexOf(name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase) ? null : 0;
        var from = at + name.Length;
        return long.Parse(head.AsSpan(from, head.IndexOf('\r', from) - from), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
    }
}
