using System.Collections.Concurrent;
using Relay.Configuration;
using Relay.Running;

namespace Relay.Http;

/// <summary>Breaks off the requests that are held for a connection whose token was revoked meanwhile: they would still bring it a reply.
/// What is new with that token is refused anyway. A list that cannot be read fails this loop, which tells the operator.</summary>
internal sealed class ConnectionWatch(ConnectionBook connections) : ILoop
{
    private readonly ConcurrentDictionary<HttpContext, string> _held = new();

    public string Name => "watching for revoked connections";

    public Topic? WakesOn => null;

    public TimeSpan Poll => TimeSpan.FromSeconds(1);

    /// <summary>Dispose it when the request is over.</summary>
    public IDisposable Enter(HttpContext context)
    {
        _held[context] = Credentials.TokenOf(context.Request);
        return new Entered(_held, context);
    }

    public Task<int> RunBatchAsync(CancellationToken cancellationToken)
    {
        connections.Check();
        foreach (var (token, contexts) in _held.GroupBy(held => held.Value, held => held.Key).Select(each => (each.Key, each)))
            if (connections.Find(token) is not ConnectionBook.Found.Valid)
                foreach (var context in contexts)
                    context.Abort();
        return Task.FromResult(0);
    }

    private sealed class Entered(ConcurrentDictionary<HttpContext, string> held, HttpContext context) : IDisposable
    {
        public void Dispose() => held.TryRemove(context, out _);
    }
}
