using System.Net.Http.Headers;

namespace Relay.Advisor.Anthropic;

/// <summary>Handles a call below the SDK. It puts in the body, keeps what the SDK's exceptions do not contain, and ends a reply that
/// sends nothing for a while, not even a ping. The SDK's own timeout covers only the headers.</summary>
internal sealed class CallTrace(TimeSpan idle, TimeProvider clock, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly AsyncLocal<Trace?> Current = new();

    internal sealed class Trace(RequestBody body)
    {
        public RequestBody Body { get; } = body;
        public TimeSpan? RetryAfter { get; set; }
        public string? RequestId { get; set; }

        /// <summary>Whether the request may have reached the server, which may charge for it then.</summary>
        public bool Sent { get; set; }
    }

    /// <summary>Starts the trace of the call that the current asynchronous flow makes.</summary>
    public static Trace Begin(RequestBody body) => Current.Value = new Trace(body);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var trace = Current.Value!;
        request.Content = trace.Body;
        var response = await SendTracedAsync(request, trace, cancellationToken);
        trace.RetryAfter = RetryAfter(response.Headers);
        trace.RequestId = response.Headers.TryGetValues("request-id", out var ids) ? ids.FirstOrDefault() : null;
        var watched = new StreamContent(new WatchedStream(await response.Content.ReadAsStreamAsync(cancellationToken), idle, clock));
        foreach (var header in response.Content.Headers)
            watched.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = watched;
        return response;
    }

    private async Task<HttpResponseMessage> SendTracedAsync(HttpRequestMessage request, Trace trace, CancellationToken cancellationToken)
    {
        trace.Sent = true;
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException fault) when (
            fault.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            trace.Sent = false; // There was no connection.
            throw;
        }
    }

    private TimeSpan? RetryAfter(HttpResponseHeaders headers) =>
        headers.RetryAfter?.Delta ?? (headers.RetryAfter?.Date is { } date ? date - clock.GetUtcNow() : null);

    /// <summary>A stream whose reads fail when nothing comes for some time.</summary>
    private sealed class WatchedStream(Stream inner, TimeSpan idle, TimeProvider clock) : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var silence = new CancellationTokenSource(idle, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
            try
            {
                return await inner.ReadAsync(buffer, either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new IOException($"the reply was silent for {idle.TotalSeconds:0} s");
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
