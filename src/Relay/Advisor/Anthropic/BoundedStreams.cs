using Relay.Http;

namespace Relay.Advisor.Anthropic;

/// <summary>A stream of which only so much is read. What is over is a fault, or is left out where the beginning is enough.</summary>
internal sealed class BoundedStream(Stream inner, int longest, bool isFault) : ReadOnlyStream(inner)
{
    private readonly Stream _inner = inner;
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_read >= longest && !isFault)
            return 0;
        var most = (int)Math.Min(buffer.Length, longest - _read + (isFault ? 1 : 0));
        var length = await _inner.ReadAsync(buffer[..most], cancellationToken);
        _read += length;
        return _read <= longest ? length : throw new TooLargeException($"the answer is larger than {Outgoing.Size(longest)}");
    }
}

/// <summary>A stream of lines, none of which is longer than so many bytes: a reader keeps a line until its end has come.</summary>
internal sealed class LinedStream(Stream inner, int longest) : ReadOnlyStream(inner)
{
    private readonly Stream _inner = inner;
    private long _line;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var length = await _inner.ReadAsync(buffer, cancellationToken);
        Count(buffer.Span[..length]);
        return _line <= longest ? length : throw new TooLargeException($"the answer has a line of more than {Outgoing.Size(longest)}");
    }

    private void Count(ReadOnlySpan<byte> read)
    {
        var last = read.LastIndexOfAny((byte)'\n', (byte)'\r');
        if (_line <= longest && last >= 0)
        {
            // A line that ends in what was just read is bounded by the buffer, but for the one that began before.
            _line += read.IndexOfAny((byte)'\n', (byte)'\r');
            if (_line <= longest)
                _line = read.Length - last - 1;
        }
        else
            _line += read.Length;
    }
}

/// <summary>Finds the end of a JSON object that comes in pieces, each looked at once.</summary>
internal sealed class ObjectEnd
{
    private int _depth;
    private bool _inText, _escaped;

    /// <summary>Whether the object's last brace is in this piece or was in one before.</summary>
    public bool IsIn(ReadOnlySpan<byte> piece)
    {
        foreach (var next in piece)
        {
            if (_escaped)
                _escaped = false;
            else if (_inText)
                (_inText, _escaped) = (next != '"', next == '\\');
            else if (next == '"')
                _inText = true;
            else if (next is (byte)'{' or (byte)'[')
                _depth++;
            else if (next is (byte)'}' or (byte)']' && --_depth <= 0)
                return true;
        }
        return false;
    }
}

/// <summary>An answer is larger than any reply can be. It was perhaps paid for all the same.</summary>
internal sealed class TooLargeException(string reason) : IOException(reason);
