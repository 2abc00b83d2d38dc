using System.Text.Json;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>What doctor checks outside the home folder: the daemon, the advisor's API, the clock (against the API's) and ntfy.</summary>
internal sealed class ServiceChecks(SettingsSource settings, TimeProvider clock)
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LargestClockError = TimeSpan.FromMinutes(5);
    private readonly Settings _settings = settings.Current;

    public async Task<List<Finding>> RunAsync(bool page, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = ResponseTimeout };
        var findings = new List<Finding> { OperatorToken(), await DaemonAsync(cancellationToken) };
        findings.AddRange(await AdvisorAsync(http, cancellationToken));
        findings.Add(await NtfyAsync(http, cancellationToken));
        if (page)
            findings.Add(await PageAsync(http, cancellationToken));
        return findings;
    }

    private Finding OperatorToken()
    {
        const string name = "escalation";
        var (token, scanned) = (_settings.Config.Operator.Token, _settings.Config.Operator.ScanChars);
        return token.Length <= scanned
            ? Finding.Ok(name, $"{token} within the first {scanned} characters")
            : Finding.Fault(
                name,
                $"operator.token has {token.Length} characters, but only the first {scanned} of a reply are searched: "
                    + "no question could ever reach you",
                "raise operator.scan_chars");
    }

    private async Task<Finding> DaemonAsync(CancellationToken cancellationToken)
    {
        const string name = "daemon";
        using var daemon = new DaemonClient(settings, clock);
        switch (await daemon.GetAsync("/healthz", ResponseTimeout, cancellationToken))
        {
            case DaemonClient.Response.NotRunning:
                return Finding.Skipped(name, "not running; relay run starts it");
            case DaemonClient.Response.Unanswered unanswered:
                var known = StatusReport.InFile(_settings.Home.StatusFile) is { State: "error", StateReason: { } last }
                    ? $"; it said last: {last}"
                    : "";
                return Finding.Fault(
                    name, $"process {daemon.ProcessId} runs but does not answer: {unanswered.Reason}{known}", "stop it and start it again");
            case DaemonClient.Response.Received { IsOk: true }:
                return Finding.Ok(name, $"process {daemon.ProcessId} runs and is healthy");
            case DaemonClient.Response.Received received:
                return await UnwellAsync(daemon, received, cancellationToken);
            default:
                throw new InvalidOperationException();
        }
    }

    /// <summary>With the reasons as far as they are known. What another check has found is not told again.</summary>
    private static async Task<Finding> UnwellAsync(
        DaemonClient daemon, DaemonClient.Response.Received health, CancellationToken cancellationToken)
    {
        var reasons = Reasons(health).Where(reason => !reason.StartsWith(KeyWatch.Source + ":", StringComparison.Ordinal)).ToList();
        if (reasons.Count == 0)
            return Finding.Ok("daemon", $"process {daemon.ProcessId} runs, and lacks nothing but the key");
        if (await daemon.GetAsync("/status", ResponseTimeout, cancellationToken) is DaemonClient.Response.Received { IsOk: true } status
            && status.Body.TryGetProperty("state_reason", out var why) && why.GetString() is { Length: > 0 } reason
            && !reason.Contains(KeyWatch.Missing, StringComparison.Ordinal)
            && !reasons.Exists(each => each.Contains(reason, StringComparison.Ordinal)))
            reasons.Add(reason);
        return Finding.Fault(
            "daemon",
            $"process {daemon.ProcessId} is not healthy: {string.Join("; ", reasons)}",
            "mend what is named; relay messages lists what waits, and for what");
    }

    private static List<string> Reasons(DaemonClient.Response.Received health) =>
        health.Body.ValueKind == JsonValueKind.Object && health.Body.TryGetProperty("reasons", out var list)
            ? [.. list.EnumerateArray().Select(each => each.GetString() ?? "")]
            : [health.Detail];

    private async Task<IEnumerable<Finding>> AdvisorAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var uncheckedClock = Finding.Skipped("clock", "nothing to compare it with");
        if (_settings.Config.Advisor == AdvisorKind.Simulated)
            return
            [
                Finding.Skipped("API key", "advisor: simulated needs none"),
                Finding.Skipped("API", "advisor: simulated calls none"),
                uncheckedClock,
            ];
        var present = _settings.Secrets.ApiKey is null
            ? Finding.Fault("API key", "ANTHROPIC_API_KEY is not set", $"put it into {_settings.Home.EnvFile}")
            : Finding.Ok("API key", "present");
        try
        {
            using var response = await ListModelsAsync(http, cancellationToken);
            return [present, Api(response, _settings.Secrets.ApiKey), Clock(response)];
        }
        catch (Exception exception) when (IsUnreachable(exception, cancellationToken))
        {
            var detail = $"{Printing.Server(_settings.Secrets.BaseUrl)} cannot be reached: {Describe(exception)}";
            return [present, Finding.Fault("API", detail, "check the network, and ANTHROPIC_BASE_URL if it is set"), uncheckedClock];
        }
    }

    /// <summary>Listing the models costs nothing, and it needs a valid key.</summary>
    private async Task<HttpResponseMessage> ListModelsAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var address = _settings.Secrets.BaseUrl.ToString().TrimEnd('/') + "/v1/models";
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("anthropic-version", "2023-06-01");
        if (_settings.Secrets.ApiKey is { } key)
            request.Headers.Add("x-api-key", key);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    private Finding Api(HttpResponseMessage response, string? key)
    {
        var server = Printing.Server(_settings.Secrets.BaseUrl);
        return (int)response.StatusCode switch
        {
            >= 200 and < 300 => Finding.Ok("API", $"{server} answers and takes the key"),
            401 when key is null => Finding.Ok("API", $"{server} answers"),
            401 => Finding.Fault("API", $"{server} rejects the key", "make a new key and put it into .env as ANTHROPIC_API_KEY"),
            403 => Finding.Fault("API", $"{server} does not permit this key", "give the key the right to use the Messages API"),
            404 => Finding.Ok("API", $"{server} answers; it has no list of models, so the key is not checked"),
            429 => Finding.Ok("API", $"{server} answers, and limits the requests at the moment"),
            var status => Finding.Fault(
                "API", $"{server} answers HTTP {status}", "check ANTHROPIC_BASE_URL if it is set; else wait until the API works again"),
        };
    }

    private Finding Clock(HttpResponseMessage response)
    {
        if (response.Headers.Date is not { } theirs)
            return Finding.Skipped("clock", "nothing to compare it with");
        var error = clock.GetUtcNow() - theirs;
        if (error.Duration() <= LargestClockError)
            return Finding.Ok("clock", FormattableString.Invariant($"within {Math.Ceiling(error.Duration().TotalSeconds)} s of the API's"));
        var direction = error > TimeSpan.Zero ? "ahead of" : "behind";
        return Finding.Fault("clock", $"{Printing.Age(error.Duration())} {direction} the API's", "set the clock, best by NTP");
    }

    private async Task<Finding> NtfyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var server = Printing.Server(_settings.Secrets.NtfyServer);
        var topic = _settings.Secrets.NtfyTopic.Length == 0 ? "; the topic is made by relay run" : "";
        const string fix = "check the network and NTFY_SERVER";
        try
        {
            var address = _settings.Secrets.NtfyServer.ToString().TrimEnd('/') + "/v1/health";
            using var response = await http.GetAsync(address, cancellationToken);
            return response.IsSuccessStatusCode
                ? Finding.Ok("ntfy", $"{server} is healthy{topic}")
                : Finding.Fault("ntfy", $"{server} answers HTTP {(int)response.StatusCode} when asked for its health", fix);
        }
        catch (Exception exception) when (IsUnreachable(exception, cancellationToken))
        {
            return Finding.Fault("ntfy", $"{server} cannot be reached: {Describe(exception)}", fix);
        }
    }

    /// <summary>Sends the page directly and not through the queue, so that the server's answer is known at once.</summary>
    private async Task<Finding> PageAsync(HttpClient http, CancellationToken cancellationToken)
    {
        if (_settings.Secrets.NtfyTopic.Length == 0)
            return Finding.Fault("test page", "there is no topic yet", "relay run makes one");
        var id = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
        var text = $"Pages of the relay in {_settings.Home.Root} reach you.";
        var page = new QueuedPage(id, PageCause.Online, "Relay: test page", text, Priority: 3, "white_check_mark", Attempts: 0);
        return await new NtfyClient(http, settings, clock).PublishAsync(page, cancellationToken) is Push.Failed failed
            ? Finding.Fault("test page", $"not taken: {failed.Reason}", "check NTFY_SERVER, NTFY_TOPIC and NTFY_TOKEN")
            : Finding.Ok("test page", "the server took it; it should be on your phone now");
    }

    private static bool IsUnreachable(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or IOException
        || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string Describe(Exception exception) =>
        exception is OperationCanceledException ? $"no answer within {ResponseTimeout.TotalSeconds:0} s" : exception.Message;
}
