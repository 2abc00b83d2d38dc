using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Relay.Http;

namespace Relay.Advisor.Anthropic;

/// <summary>Handles a call below the SDK. It puts in the body, keeps what the SDK's exceptions do not contain, and ends a reply that
/// sends nothing for a while, not even a ping. The SDK's own timeout covers only the headers.</summary>
internal sealed class CallTrace(TimeSpan idle, TimeProvider clock, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int LongestStart = 2048;
    private const string Blank = "\uFEFF \t\r\n";
    private static readonly AsyncLocal<Trace?> Current = new();

    internal sealed class Trace(RequestBody body)
    {
        public RequestBody Body { get; } = body;

        /// <summary>How many bytes of a success are read.</summary>
        public int Longest { get; init; } = Outgoing.LongestReply;

        public TimeSpan? RetryAfter { get; set; }
        public string? RequestId { get; set; }

        /// <summary>Who was asked, and where a redirect points to.</summary>
        public string Server { get; set; } = "";

        public Uri? Location { get; set; }

        /// <summary>Whether the request may have reached the server, which may charge for it then.</summary>
        public bool Sent { get; set; }

        /// <summary>Null until the server has answered.</summary>
        public HttpStatusCode? Status { get; set; }

        /// <summary>As the server named it; null where it did not.</summary>
        public string? MediaType { get; set; }

        /// <summary>What a success begins with.</summary>
        public string Start { get; set; } = "";

        /// <summary>It comes in one piece, where a stream was asked for.</summary>
        public bool IsWhole => Start.AsSpan().TrimStart(Blank).StartsWith("{");

        /// <summary>A call without an answer may be charged for, and so may a stream. Every other answer is not a model's: an error, a
        /// redirect, a page to sign in at.</summary>
        public bool IsPerhapsPaid => Status is null ? Sent : Status == HttpStatusCode.OK && MediaType == "text/event-stream";
    }

    /// <summary>Starts the trace of the call that the current asynchronous flow makes.</summary>
    public static Trace Begin(RequestBody body) => Begin(body, Outgoing.LongestReply);

    /// <inheritdoc cref="Begin(RequestBody)"/>
    public static Trace Begin(RequestBody body, int longest) => Current.Value = new Trace(body) { Longest = longest };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var trace = Current.Value!;
        request.Content = trace.Body;
        trace.Server = request.RequestUri?.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) ?? "";
        var response = await SendTracedAsync(request, trace, cancellationToken);
        trace.RetryAfter = RetryAfter(response.Headers);
        (trace.Status, trace.MediaType) = (response.StatusCode, response.Content.Headers.ContentType?.MediaType);
        trace.RequestId = response.Headers.TryGetValues("request-id", out var ids) ? ids.FirstOrDefault() : null;
        trace.Location = response.Headers.Location;
        Stream body = new WatchedStream(await response.Content.ReadAsStreamAsync(cancellationToken), idle, clock);
        body = response.IsSuccessStatusCode
            ? await StreamOnlyAsync(new BoundedStream(body, trace.Longest, isFault: true), response, trace, cancellationToken)
            : new BoundedStream(body, Outgoing.LongestNote, isFault: false);
        var watched = new StreamContent(body);
        foreach (var header in response.Content.Headers)
            watched.Headers.TryAddWithoutValidation(header.Key, header.Value);
        response.Content = watched;
        return response;
    }

    /// <summary>Not every gateway names a stream as that, or only a stream, so its first bytes decide: an event begins with a letter
    /// or a colon, a whole reply with a brace.</summary>
    private static async Task<Stream> StreamOnlyAsync(
        Stream body, HttpResponseMessage response, Trace trace, CancellationToken cancellationToken)
    {
        var start = new byte[LongestStart];
        var length = await body.ReadAsync(start, cancellationToken);
        var text = Encoding.UTF8.GetString(start, 0, length);
        trace.Start = text;
        if (text.AsSpan().TrimStart(Blank) is ['<' or '[', ..])
            throw new ForeignAnswerException(new ForeignAnswer(text, trace), response.StatusCode);
        return new StartedStream(start.AsMemory(0, length), body);
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
}
