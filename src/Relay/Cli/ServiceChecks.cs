using System.Text.Json;
using Relay.Configuration;
using Relay.Conversations;
using Relay.Operator;
using Relay.Operator.Pages;

namespace Relay.Cli;

/// <summary>What doctor checks beyond this home: the daemon, the advisor's API, the clock against it, the pages.</summary>
internal sealed class ServiceChecks(SettingsSource settings, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Drift = TimeSpan.FromMinutes(5);
    private readonly Settings _settings = settings.Current;

    public async Task<List<Finding>> RunAsync(bool page, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = Patience };
        var findings = new List<Finding> { OperatorToken(), await DaemonAsync(cancellationToken) };
        findings.AddRange(await AdvisorAsync(http, cancellationToken));
        findings.Add(await NtfyAsync(http, cancellationToken));
        if (page)
            findings.Add(await PageAsync(http, cancellationToken));
        return findings;
    }

    private Finding OperatorToken()
    {
        var settled = _settings.Config.Operator;
        return settled.Token.Length <= settled.ScanChars
            ? Finding.Ok("escalation", $"{settled.Token} within the first {settled.ScanChars} characters")
            : Finding.Fault("escalation", $"operator.token has {settled.Token.Length} characters, and only {settled.ScanChars} are looked at: no reply could ever reach you", "raise operator.scan_chars");
    }

    private async Task<Finding> DaemonAsync(CancellationToken cancellationToken)
    {
        const string name = "daemon";
        using var daemon = new DaemonClient(settings, clock);
        switch (await daemon.GetAsync("/healthz", Patience, cancellationToken))
        {
            case DaemonClient.Answer.NotRunning:
                return Finding.Skipped(name, "not running; relay run starts it");
            case DaemonClient.Answer.Silent silent:
                return Finding.Fault(name, $"process {daemon.ProcessId} runs but does not answer: {silent.Reason}", "look into logs/relay.log; stop it and start it again");
            case DaemonClient.Answer.Said { IsOk: true }:
                return Finding.Ok(name, $"process {daemon.ProcessId} runs and is well");
            case DaemonClient.Answer.Said said:
                var reasons = said.Body.ValueKind == JsonValueKind.Object && said.Body.TryGetProperty("reasons", out var list)
                    ? string.Join("; ", list.EnumerateArray().Select(each => each.GetString()))
                    : said.Detail;
                return Finding.Fault(name, $"process {daemon.ProcessId} is not well: {reasons}", "relay status and logs/relay.log tell more");
            default:
                throw new InvalidOperationException();
        }
    }

    /// <summary>A list of models costs nothing, and needs a good key.</summary>
    private async Task<IEnumerable<Finding>> AdvisorAsync(HttpClient http, CancellationToken cancellationToken)
    {
        if (_settings.Config.Advisor == AdvisorKind.Simulated)
            return [Finding.Skipped("API key", "advisor: simulated needs none"), Finding.Skipped("API", "advisor: simulated calls none"), Finding.Skipped("clock", "nothing to compare it with")];
        var key = _settings.Secrets.ApiKey;
        using var request = new HttpRequestMessage(HttpMethod.Get, _settings.Secrets.BaseUrl.ToString().TrimEnd('/') + "/v1/models");
        request.Headers.Add("anthropic-version", "2023-06-01");
        if (key is not null)
            request.Headers.Add("x-api-key", key);
        var present = key is null
            ? Finding.Fault("API key", "ANTHROPIC_API_KEY is not set", $"put it into {_settings.Home.EnvFile}")
            : Finding.Ok("API key", "present");
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return [present, Api(response, key), Clock(response)];
        }
        catch (Exception exception) when (IsUnreachable(exception, cancellationToken))
        {
            return
            [
                present,
                Finding.Fault("API", $"{Server(_settings.Secrets.BaseUrl)} cannot be reached: {Why(exception)}", "check the network, and ANTHROPIC_BASE_URL where it is set"),
                Finding.Skipped("clock", "nothing to compare it with"),
            ];
        }
    }

    private Finding Api(HttpResponseMessage response, string? key)
    {
        var server = Server(_settings.Secrets.BaseUrl);
        return (int)response.StatusCode switch
        {
            >= 200 and < 300 => Finding.Ok("API", $"{server} answers and takes the key"),
            401 when key is null => Finding.Ok("API", $"{server} answers"),
            401 => Finding.Fault("API", $"{server} rejects the key", "make a new key and put it into .env as ANTHROPIC_API_KEY"),
            403 => Finding.Fault("API", $"{server} does not permit this key", "give the key the right to use the Messages API"),
            404 => Finding.Ok("API", $"{server} answers; it has no list of models, so the key is not checked"),
            429 => Finding.Ok("API", $"{server} answers, and asks for less haste"),
            var status => Finding.Fault("API", $"{server} answers HTTP {status}", "check ANTHROPIC_BASE_URL where it is set; else wait until the API is well"),
        };
    }

    private Finding Clock(HttpResponseMessage response)
    {
        if (response.Headers.Date is not { } theirs)
            return Finding.Skipped("clock", "nothing to compare it with");
        var off = clock.GetUtcNow() - theirs;
        return off.Duration() <= Drift
            ? Finding.Ok("clock", FormattableString.Invariant($"within {Math.Ceiling(off.Duration().TotalSeconds)} s of the API's"))
            : Finding.Fault("clock", $"{Printing.Ago(off.Duration())} {(off > TimeSpan.Zero ? "ahead of" : "behind")} the API's", "set the clock, best by NTP");
    }

    private async Task<Finding> NtfyAsync(HttpClient http, CancellationToken cancellationToken)
    {
        var server = Server(_settings.Secrets.NtfyServer);
        const string fix = "check the network and NTFY_SERVER";
        try
        {
            using var response = await http.GetAsync(_settings.Secrets.NtfyServer.ToString().TrimEnd('/') + "/v1/health", cancellationToken);
            return response.IsSuccessStatusCode
                ? Finding.Ok("ntfy", $"{server} is well{(_settings.Secrets.NtfyTopic.Length == 0 ? "; the topic is made by relay run" : "")}")
                : Finding.Fault("ntfy", $"{server} answers HTTP {(int)response.StatusCode} when asked for its health", fix);
        }
        catch (Exception exception) when (IsUnreachable(exception, cancellationToken))
        {
            return Finding.Fault("ntfy", $"{server} cannot be reached: {Why(exception)}", fix);
        }
    }

    /// <summary>Straight to the server: nothing is queued, so that what it says is known at once.</summary>
    private async Task<Finding> PageAsync(HttpClient http, CancellationToken cancellationToken)
    {
        if (_settings.Secrets.NtfyTopic.Length == 0)
            return Finding.Fault("test page", "there is no topic yet", "relay run makes one");
        var id = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
        var page = new QueuedPage(id, PageCause.Online, "Relay: test page", $"Pages of the relay in {_settings.Home.Root} reach you.", Priority: 3, "white_check_mark", Attempts: 0);
        return await new NtfyClient(http, settings, clock).PublishAsync(page, cancellationToken) is Push.Failed failed
            ? Finding.Fault("test page", $"not taken: {failed.Reason}", "check NTFY_SERVER, NTFY_TOPIC and NTFY_TOKEN")
            : Finding.Ok("test page", "the server took it; it should be on your phone now");
    }

    private static bool IsUnreachable(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static string Why(Exception exception) => exception is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:0} s" : exception.Message;

    /// <summary>Without the user and password an address may carry.</summary>
    private static string Server(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
