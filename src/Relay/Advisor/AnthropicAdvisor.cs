using System.Net;
using System.Text;
using Anthropic;
using Anthropic.Core;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Relay.Configuration;
using Relay.Conversations;

namespace Relay.Advisor;

/// <summary>The Messages API by the official SDK. One call is one attempt: the SDK's own retries are off, since each may be billed.</summary>
internal sealed class AnthropicAdvisor : IAdvisor, IDisposable
{
    private readonly SettingsSource _settings;
    private readonly AdvisorTimeouts _timeouts;
    private readonly TimeProvider _clock;
    private readonly HttpClient _http;

    public AnthropicAdvisor(SettingsSource settings, AdvisorTimeouts timeouts, TimeProvider clock)
    {
        _settings = settings;
        _timeouts = timeouts;
        _clock = clock;
        var sockets = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(10), AutomaticDecompression = DecompressionMethods.All };
        _http = new HttpClient(new CallTrace(timeouts.Idle, clock, sockets)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public async Task<AdvisorOutcome> AskAsync(AdvisorCall call, CancellationToken cancellationToken)
    {
        var secrets = _settings.Current.Secrets;
        if (secrets.ApiKey is not { } key)
            return new AdvisorOutcome.Held(HoldCause.Credentials, "ANTHROPIC_API_KEY is not set");
        var trace = CallTrace.Begin();
        var reply = new StreamedReply(call.CacheTtl);
        using var limit = new CancellationTokenSource(_timeouts.Total, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // Key and address are set here, so that nothing of a developer's own client settings leaks in.
            // Not disposed of: that would dispose of the HttpClient all calls share.
            var client = new AnthropicClient
            {
                ApiKey = key,
                BaseUrl = secrets.BaseUrl.ToString().TrimEnd('/'),
                HttpClient = _http,
                MaxRetries = 0,
                Timeout = _timeouts.Headers,
                OpenTelemetry = false,
            };
            await foreach (var streamed in client.Messages.CreateStreaming(RequestBody.Of(call), either.Token).WithCancellation(either.Token))
                reply.Add(streamed);
            return reply.Outcome() with { RequestId = trace.RequestId };
        }
        catch (AnthropicServiceException fault)
        {
            return Failed(ApiFault.Classify(fault, trace.RetryAfter), reply, trace);
        }
        catch (Exception fault) when (fault is AnthropicException or HttpRequestException or IOException or System.Text.Json.JsonException)
        {
            return Failed(new AdvisorOutcome.Deferred(Innermost(fault), trace.RetryAfter) { PerhapsPaid = trace.ReachedServer }, reply, trace);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(new AdvisorOutcome.Deferred("no answer in time", RetryAfter: null) { PerhapsPaid = true }, reply, trace);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A stream that had begun is perhaps charged for, and what it told of its usage is kept.</summary>
    private static AdvisorOutcome Failed(AdvisorOutcome outcome, StreamedReply reply, CallTrace.Trace trace) =>
        outcome with { RequestId = trace.RequestId, Usage = reply.Usage, PerhapsPaid = outcome.PerhapsPaid || reply.Usage is not null };

    private static string Innermost(Exception fault) => (fault.GetBaseException() is { Message.Length: > 0 } cause ? cause : fault).Message;
}

/// <summary>How long a call may take. The longest silence is counted in bytes, pings included: thinking can be quiet for minutes.</summary>
internal sealed record AdvisorTimeouts
{
    public TimeSpan Headers { get; init; } = TimeSpan.FromMinutes(2);
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(45);
    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(30);
}
