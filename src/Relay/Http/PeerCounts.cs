namespace Relay.Http;

/// <summary>What was kept out, since this relay started.</summary>
internal sealed class PeerCounts
{
    private long _refused, _evicted, _silent, _untrusted, _tooLarge, _tooMany, _wrongTokens;

    /// <summary>Connections that were over a limit.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Connections without a token that were ended to make room for another.</summary>
    public long Evicted => Interlocked.Read(ref _evicted);

    /// <summary>Connections that made no request in time.</summary>
    public long Silent => Interlocked.Read(ref _silent);

    /// <summary>Connections over the socket from another user.</summary>
    public long Untrusted => Interlocked.Read(ref _untrusted);

    /// <summary>Requests answered with 413.</summary>
    public long TooLarge => Interlocked.Read(ref _tooLarge);

    /// <summary>Requests answered with 429.</summary>
    public long TooMany => Interlocked.Read(ref _tooMany);

    public long WrongTokens => Interlocked.Read(ref _wrongTokens);

    public void CountRefused() => Interlocked.Increment(ref _refused);

    public void CountEvicted() => Interlocked.Increment(ref _evicted);

    public void CountSilent() => Interlocked.Increment(ref _silent);

    public void CountUntrusted() => Interlocked.Increment(ref _untrusted);

    public void CountTooLarge() => Interlocked.Increment(ref _tooLarge);

    public void CountTooMany() => Interlocked.Increment(ref _tooMany);

    public void CountWrongToken() => Interlocked.Increment(ref _wrongTokens);
}
