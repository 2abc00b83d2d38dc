using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Http;

namespace Relay.Advisor.Anthropic;

/// <summary>Calls the Messages API with the official SDK. The SDK's own retries are off, because each attempt may be billed.</summary>
internal sealed class AnthropicAdvisor : IAdvisor, IDisposable
{
    /// <summary>They would be dropped without a word.</summary>

    private static readonly TimeSpan CountLimit = TimeSpan.FromSeconds(10);

    private readonly SettingsSource _settings;
    private readonly AdvisorTimeouts _timeouts;
    private readonly TimeProvider _clock;
    private readonly CallTrace _handler;
    private readonly AnswerReader _reader;
    private volatile Connected? _connected;

    /// <summary>Removes ANTHROPIC_* from the environment. The SDK reads ANTHROPIC_CUSTOM_HEADERS once per process, and no option
    /// prevents that. The relay's own settings are read before; the rest is what a developer has set for other programs.</summary>
    static AnthropicAdvisor()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>())
            if (name.StartsWith("ANTHROPIC_", StringComparison.Ordinal))
                Environment.SetEnvironmentVariable(name, null);
    }

    public AnthropicAdvisor(SettingsSource settings, AdvisorTimeouts timeouts, TimeProvider clock)
    {
        _settings = settings;
        _timeouts = timeouts;
        _clock = clock;
        _handler = new CallTrace(timeouts.Idle, clock, Outgoing.Handler(decompress: true));
        _reader = new AnswerReader(timeouts.End, clock);
    }

    public async Task<AdvisorOutcome> AskAsync(AdvisorCall call, CancellationToken cancellationToken)
    {
        var secrets = _settings.Current.Secrets;
        if (secrets.BaseUrl.UserInfo.Length > 0)
            return new AdvisorOutcome.Held(HoldCause.Gateway, HoldReasons.UserInAddress);
        return secrets.ApiKey is { } key
            ? WithoutKey(await AskAsync(call, key, secrets.BaseUrl, cancellationToken), key)
            : new AdvisorOutcome.Held(HoldCause.Credentials, HoldReasons.NoKey) { NeverMade = true };
    }

    public async Task<long?> CountTokensAsync(AdvisorCall call, CancellationToken cancellationToken)
    {
        var secrets = _settings.Current.Secrets;
        if (secrets.ApiKey is not { } key || secrets.BaseUrl.UserInfo.Length > 0)
            return null;
        CallTrace.Begin(RequestBody.ToCount(call), Outgoing.LongestNote);
        using var limit = new CancellationTokenSource(CountLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var withoutBody = new MessageCountTokensParams { Model = call.Model, Messages = [] };
            var counted = (await ClientFor(key, secrets.BaseUrl).Messages.CountTokens(withoutBody, either.Token)).InputTokens;
            return counted > 0 ? counted : null; // No prompt has none.
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return null; // All types: many gateways have no such thing, and the bound by bytes holds without it.
        }
    }

    public void Dispose()
    {
        _connected?.Client.Dispose();
        _handler.Dispose();
    }

    /// <summary>The client for a key at an address, kept while both stay the same.</summary>
    private sealed record Connected(string Key, Uri BaseUrl, AnthropicClient Client);

    /// <summary>Key and address are set here, so that nothing of a developer's own client settings leaks in. One that is no longer used may
    /// still have a call under way: it is left to the collector.</summary>
    private AnthropicClient ClientFor(string key, Uri baseUrl)
    {
        if (_connected is { } connected && connected.Key == key && connected.BaseUrl == baseUrl)
            return connected.Client;
        var client = new AnthropicClient
        {
            ApiKey = key,
            BaseUrl = baseUrl.ToString().TrimEnd('/'),
            HttpClient = Outgoing.Client(_handler, ownsHandler: false),
            MaxRetries = 0,
            Timeout = _timeouts.Headers,
            OpenTelemetry = false,
        };
        _connected = new Connected(key, baseUrl, client);
        return client;
    }

    private async Task<AdvisorOutcome> AskAsync(AdvisorCall call, string key, Uri baseUrl, CancellationToken cancellationToken)
    {
        var trace = CallTrace.Begin(new RequestBody(call));
        var reply = new StreamedReply(call.CacheTtl);
        using var limit = new CancellationTokenSource(_timeouts.Total, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var client = ClientFor(key, baseUrl);
            var withoutBody = new MessageCreateParams { Model = call.Model, MaxTokens = call.MaxTokens, Messages = [] };
            using var response = await client.WithRawResponse.Messages.CreateStreaming(withoutBody, either.Token);
            await _reader.ReadAsync(await response.ReadAsStream(either.Token), trace.IsWhole, reply, either.Token);
            return reply.HasBegun || (reply.HasSpoken && trace.IsPerhapsPaid)
                ? reply.Outcome() with { RequestId = trace.RequestId }
                : NoModel(trace);
        }
        catch (AnthropicServiceException fault)
        {
            return Failed(ApiFault.Classify(fault, trace), reply, trace);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            var late = new AdvisorOutcome.Deferred("no answer in time", RetryAfter: null) { PerhapsPaid = trace.IsPerhapsPaid };
            return Failed(late, reply, trace);
        }
        catch (Exception fault) when (fault.GetBaseException() is ForeignAnswerException foreign)
        {
            return Failed(new AdvisorOutcome.Held(HoldCause.Gateway, foreign.Message), reply, trace);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // All types: which ones the SDK throws for an unexpected answer is not known. If the daemon ended, every start of it would
            // pay for the same call again.
            var broken = new AdvisorOutcome.Deferred(Innermost(fault), trace.RetryAfter)
            {
                PerhapsPaid = trace.IsPerhapsPaid || fault.GetBaseException() is TooLargeException,
            };
            return Failed(broken, reply, trace);
        }
    }

    private static AdvisorOutcome.Held NoModel(CallTrace.Trace trace) =>
        new(HoldCause.Gateway, new ForeignAnswer(trace.Start, trace).Describe(trace.Status!.Value)) { RequestId = trace.RequestId };

    /// <summary>Removes the key from the reasons, which are shown and paged: a server or a proxy may repeat it in its answer.</summary>
    private static AdvisorOutcome WithoutKey(AdvisorOutcome outcome, string key)
    {
        string Clean(string text) => text.Replace(key, "[the key]", StringComparison.Ordinal);
        return outcome switch
        {
            AdvisorOutcome.Deferred deferred => deferred with { Reason = Clean(deferred.Reason) },
            AdvisorOutcome.Held held => held with { Reason = Clean(held.Reason) },
            AdvisorOutcome.ContextExceeded exceeded => exceeded with { Reason = Clean(exceeded.Reason) },
            AdvisorOutcome.Refused refused => refused with { Explanation = Clean(refused.Explanation) },
            _ => outcome,
        };
    }

    /// <summary>Adds what is known of the usage. A stream that has begun may be charged for.</summary>
    private static AdvisorOutcome Failed(AdvisorOutcome outcome, StreamedReply reply, CallTrace.Trace trace) =>
        outcome with { RequestId = trace.RequestId, Usage = reply.Usage, PerhapsPaid = outcome.PerhapsPaid || reply.HasBegun };

    private static string Innermost(Exception fault) => (fault.GetBaseException() is { Message.Length: > 0 } cause ? cause : fault).Message;
}

/// <summary>How long a call may take.</summary>
internal sealed record AdvisorTimeouts
{
    public TimeSpan Headers { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The longest time without any byte. It can be short, because the API sends pings while the model thinks.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How long what should follow a complete reply is waited for.</summary>
    public TimeSpan End { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(30);
}
