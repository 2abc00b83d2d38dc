using System.Net.Http.Headers;
using System.Text.Json;
using Relay.Advisor;
using Relay.Advisor.Anthropic;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Http;
using Relay.Operator.Pages;

namespace Relay.Cli;

/// <summary>How doctor checks the advisor's API: with the key the daemon uses, in the header it uses, and on request by a call as it makes
/// them. The clock is compared with the server's.</summary>
/// <param name="source">The settings in force.</param>
/// <param name="held">The message that the daemon holds because its calls are answered badly; null when there is none.</param>
/// <param name="clock">Is compared.</param>
internal sealed class ApiCheck(SettingsSource source, Conversations.Message? held, TimeProvider clock)
{
    private const string Key = "API key", Api = "API", Call = "API call", ClockName = "clock";
    private const string CheckAddress = "correct ANTHROPIC_BASE_URL in .env, or what stands at that address";
    private const string TryCall = "relay doctor --call tries a call";
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LargestClockError = TimeSpan.FromMinutes(5);
    private readonly Settings _settings = source.Current;
    private readonly Finding _uncheckedClock = Finding.Skipped(ClockName, "nothing to compare it with");

    private string Server => _settings.Secrets.BaseUrl.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    public async Task<List<Finding>> RunAsync(bool call, CancellationToken cancellationToken)
    {
        if (_settings.Config.Advisor == AdvisorKind.Simulated)
            return
            [
                Finding.Skipped(Key, "advisor: simulated needs none"),
                Finding.Skipped(Api, "advisor: simulated calls none"),
                _uncheckedClock,
            ];
        List<Finding> findings =
        [
            _settings.Secrets.ApiKey is null
                ? Finding.Fault(Key, "ANTHROPIC_API_KEY is not set", $"put it into {_settings.Home.EnvFile}")
                : Finding.Ok(Key, "present"),
            .. (await ListModelsAsync(cancellationToken)).Select(NotAgainstTheDaemon),
        ];
        if (call)
            findings.Add(await CallAsync(cancellationToken));
        return findings;
    }

    /// <summary>Listing the models costs nothing, and it needs a valid key.</summary>
    private async Task<IReadOnlyList<Finding>> ListModelsAsync(CancellationToken cancellationToken)
    {
        if (_settings.Secrets.BaseUrl.UserInfo.Length > 0)
            return [Finding.Fault(Api, HoldReasons.UserInAddress, CheckAddress), _uncheckedClock];
        using var http = Outgoing.Client();
        using var late = new CancellationTokenSource(ResponseTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        using var request = new HttpRequestMessage(
            HttpMethod.Get, _settings.Secrets.BaseUrl.ToString().TrimEnd('/') + "/v1/models");
        request.Headers.Add("anthropic-version", "2026-10-21");
        if (_settings.Secrets.ApiKey is { } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key); // As the calls send it.
            request.Headers.Add("x-api-key", key);
        }
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var (body, _) = await response.BeginningAsync(Outgoing.LongestList, either.Token);
            return [Judge(response, Parse(body)), Clock(response)];
        }
        catch (Exception exception) when (
            exception is HttpRequestException or IOException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var reason = exception is OperationCanceledException
                ? $"no answer within {Duration.Write(ResponseTimeout)}"
                : exception.Message;
            return
            [
                Finding.Fault(Api, $"{Server} cannot be reached: {reason}", "check the network, and ANTHROPIC_BASE_URL if it is set"),
                _uncheckedClock,
            ];
        }
    }

    /// <summary>To list the models is not to make a call: where the daemon's calls fail, that counts.</summary>
    private Finding NotAgainstTheDaemon(Finding finding) =>
        held is not null && finding is { Check: Api, State: not FindingState.Fault }
            ? Finding.Fault(Api, $"{finding.Detail}, but the daemon's calls fail: {held.Reason}", HoldPages.Remedy(held))
            : finding;

    /// <summary>What is not in the API's words says nothing of the key.</summary>
    private Finding Judge(HttpResponseMessage response, JsonElement body)
    {
        var status = (int)response.StatusCode;
        var isJson = body.ValueKind == JsonValueKind.Object;
        var isError = isJson && body.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object;
        return status switch
        {
            >= 300 and < 400 => Finding.Fault(
                Api, $"{Server} redirects to {response.Headers.Location}, and a call does not follow", CheckAddress),
            >= 200 and < 300 when isJson && body.TryGetProperty("data", out _) => Finding.Ok(Api, $"{Server} answers and takes the key"),
            401 when isError && _settings.Secrets.ApiKey is null => Finding.Ok(Api, $"{Server} answers"),
            401 when isError => Finding.Fault(Api, $"{Server} rejects the key", "make a new key and put it into .env as ANTHROPIC_API_KEY"),
            403 when isError => Finding.Fault(Api, $"{Server} does not permit this key", "give the key the right to use the Messages API"),
            404 when isJson => Finding.Ok(Api, $"{Server} answers; it has no list of models, so the key is not checked: {TryCall}"),
            429 => Finding.Ok(Api, $"{Server} answers, and limits the requests at the moment"),
            < 500 => Finding.Fault(Api, $"{Server} answers HTTP {status}, but not as the Messages API does", $"{CheckAddress}; {TryCall}"),
            _ => Finding.Fault(
                Api, $"{Server} answers HTTP {status}", "check ANTHROPIC_BASE_URL if it is set; else wait until the API works again"),
        };
    }

    /// <summary>One token is asked for, in a call like the daemon's: it costs what a few words cost, and is not in the ledger.</summary>
    private async Task<Finding> CallAsync(CancellationToken cancellationToken)
    {
        var call = new AdvisorCall(
            _settings.Config.Model, MaxTokens: 1, "You are asked whether you can be reached.",
            [new PromptMessage(EntryRole.User, ["Answer with one word."])], CacheTtl.Off);
        using var advisor = new AnthropicAdvisor(source, new AdvisorTimeouts(), clock);
        return await advisor.AskAsync(call, cancellationToken) switch
        {
            AdvisorOutcome.Held held => Finding.Fault(Call, held.Reason, HoldPages.Cure(held.Cause, held.Reason)),
            AdvisorOutcome.Deferred deferred => Finding.Fault(Call, deferred.Reason, "it may pass by itself: try again in a while"),
            AdvisorOutcome.ContextExceeded exceeded => Finding.Fault(Call, exceeded.Reason, CheckAddress),
            var answered => Finding.Ok(Call, Answered(answered)),
        };
    }

    private string Answered(AdvisorOutcome outcome) => outcome.Usage is { } usage
        ? $"{_settings.Config.Model} answers; {Printing.Count(usage.Input)} tokens in and {Printing.Count(usage.Output)} out were paid"
        : $"{_settings.Config.Model} answers; what it cost was not said";

    private Finding Clock(HttpResponseMessage response)
    {
        if (response.Headers.Date is not { } theirs)
            return _uncheckedClock;
        var error = clock.GetUtcNow() - theirs;
        if (error.Duration() <= LargestClockError)
            return Finding.Ok(
                ClockName, FormattableString.Invariant($"within {Math.Ceiling(error.Duration().TotalSeconds)} s of the API's"));
        var direction = error > TimeSpan.Zero ? "ahead of" : "behind";
        return Finding.Fault(ClockName, $"{Printing.Age(error.Duration())} {direction} the API's", "set the clock, best by NTP");
    }

    private static JsonElement Parse(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(body);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
