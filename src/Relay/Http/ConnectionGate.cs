using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;

namespace Relay.Http;

/// <summary>How many connections may be open: over TCP in all and from one source, and over the socket. Together they are half of what
/// this process may open besides its program and its files, so that calls always can.</summary>
internal sealed record ConnectionLimits(int InAll, int BySource, int OnSocket)
{
    /// <summary>The program's own parts are most of it.</summary>
    private const int OpenAnyway = 260;

    public static ConnectionLimits Of(int handles)
    {
        var all = Math.Clamp((handles - OpenAnyway) / 3, 8, 2_000);
        return new ConnectionLimits(all, all / 2, all / 2);
    }
}

/// <summary>Lets a connection in: (1) over a limit, one of that source that has shown no token makes room, if it has had its time, else the
/// new one is refused; (2) it must make a request soon. What has shown a token is never ended for another.</summary>
internal sealed class ConnectionGate(ConnectionLimits limits, PeerCounts counts, TimeProvider clock)
{
    /// <summary>For the headers of the first request; the server itself allows the same for those of a later one.</summary>
    public static readonly TimeSpan HeadersLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long nobody is ended for another: an honest client has shown its token by then.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    private static readonly byte[] Refusal = Busy();

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Source> _sources = [];
    private int _tcp;

    /// <summary>All connections from one address; an IPv6 network counts as one.</summary>
    internal sealed class Source(string name, bool isLocal)
    {
        public string Name { get; } = name;
        public bool IsLocal { get; } = isLocal;
        public int Count { get; set; }
        public LinkedList<Guest> Unproven { get; } = new();
    }

    /// <summary>Asked for one connection after the other, before the next is accepted: they would be more than can be open.</summary>
    /// <returns>False when it is refused; then it is closed.</returns>
    public async Task<bool> AdmitAsync(ConnectionContext connection, bool isPlain)
    {
        if (Enter(connection) is { } guest) // (1)
        {
            connection.Features.Set(guest);
            return true;
        }
        counts.CountRefused();
        if (isPlain)
            await connection.Transport.Output.WriteAsync(Refusal);
        await connection.DisposeAsync();
        return false;
    }

    /// <summary>What becomes of one that was let in.</summary>
    public async Task PassAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var guest = connection.Features.Get<Guest>()!;
        await using var silence = clock.CreateTimer(_ => EndSilent(guest), state: null, HeadersLimit, Timeout.InfiniteTimeSpan); // (2)
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(guest);
        }
    }

    /// <summary>How many are open.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _sources.Values.Sum(source => source.Count);
        }
    }

    private Guest? Enter(ConnectionContext connection)
    {
        Guest? victim = null;
        Guest guest;
        lock (_lock)
        {
            var source = SourceOf_NeedsLock(connection.RemoteEndPoint);
            if (IsFull_NeedsLock(source, out var crowded))
            {
                victim = VictimOf(crowded);
                if (victim is null)
                {
                    Forget_NeedsLock(source);
                    return null;
                }
                Leave_NeedsLock(victim);
                _sources[source.Name] = source;
            }
            guest = new Guest(this, connection, source) { EnteredAt = clock.GetTimestamp() };
            source.Count++;
            source.Unproven.AddLast(guest.Place);
            _tcp += source.IsLocal ? 0 : 1;
        }
        if (victim is null)
            return guest;
        counts.CountEvicted();
        victim.End("room is needed for others");
        return guest;
    }

    /// <summary>Best one that has not even made a request.</summary>
    private Guest? VictimOf(Source? source)
    {
        Guest? any = null;
        foreach (var guest in source?.Unproven ?? [])
        {
            if (clock.GetElapsedTime(guest.EnteredAt) < Grace)
                break; // Those that follow came later.
            if (!guest.HasBegun)
                return guest;
            any ??= guest;
        }
        return any;
    }

    /// <param name="source">Who comes.</param>
    /// <param name="crowded">Where room may be made: at the same source, or, when it is full in all, at the one with the most.</param>
    private bool IsFull_NeedsLock(Source source, out Source? crowded)
    {
        crowded = source;
        if (source.Count >= (source.IsLocal ? limits.OnSocket : limits.BySource))
            return true;
        if (source.IsLocal || _tcp < limits.InAll)
            return false;
        crowded = _sources.Values.Where(each => !each.IsLocal).MaxBy(each => each.Unproven.Count);
        return true;
    }

    internal void Prove(Guest guest)
    {
        lock (_lock)
            guest.Place.List?.Remove(guest.Place);
    }

    private void EndSilent(Guest guest)
    {
        if (guest.HasBegun)
            return;
        counts.CountSilent();
        guest.End("no request came in time");
    }

    private void Leave(Guest guest)
    {
        lock (_lock)
            Leave_NeedsLock(guest);
    }

    private void Leave_NeedsLock(Guest guest)
    {
        if (guest.HasLeft)
            return;
        guest.HasLeft = true;
        guest.Place.List?.Remove(guest.Place);
        guest.Source.Count--;
        _tcp -= guest.Source.IsLocal ? 0 : 1;
        Forget_NeedsLock(guest.Source);
    }

    private void Forget_NeedsLock(Source source)
    {
        if (source.Count == 0)
            _sources.Remove(source.Name);
    }

    private Source SourceOf_NeedsLock(EndPoint? end)
    {
        var name = NameOf((end as IPEndPoint)?.Address);
        if (!_sources.TryGetValue(name, out var source))
            _sources[name] = source = new Source(name, end is not IPEndPoint);
        return source;
    }

    /// <summary>An IPv6 host has a whole network of addresses, so that counts as one.</summary>
    public static string NameOf(IPAddress? address)
    {
        if (address is null)
            return "the socket";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        if (bytes.Length == 4 || IPAddress.IsLoopback(address))
            return address.ToString();
        bytes.AsSpan(8).Clear();
        return $"{new IPAddress(bytes)}/64";
    }

    private static byte[] Busy()
    {
        var body = Problem.Body(StatusCodes.Status503ServiceUnavailable, "too many connections are open");
        return Encoding.ASCII.GetBytes(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 2\r\nConnection: close\r\n"
            + $"Content-Length: {body.Length}\r\n\r\n{body}");
    }
}

/// <summary>A connection that was let in.</summary>
internal sealed class Guest
{
    private readonly ConnectionGate _gate;
    private readonly ConnectionContext _connection;
    private volatile bool _hasBegun;

    public Guest(ConnectionGate gate, ConnectionContext connection, ConnectionGate.Source source)
    {
        _gate = gate;
        _connection = connection;
        Source = source;
        Place = new LinkedListNode<Guest>(this);
    }

    public ConnectionGate.Source Source { get; }

    public LinkedListNode<Guest> Place { get; }

    public bool HasLeft { get; set; }

    public long EnteredAt { get; init; }

    public bool HasBegun => _hasBegun;

    /// <summary>A request has come.</summary>
    public void Begin() => _hasBegun = true;

    /// <summary>A request with a token has come.</summary>
    public void Prove() => _gate.Prove(this);

    public void End(string why) => _connection.Abort(new ConnectionAbortedException(why));
}
