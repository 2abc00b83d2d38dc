using System.Text.Json;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Operator.Pages;
using Relay.Texts;
using Relay.Web.Status;

namespace Relay.Cli;

/// <summary>What doctor checks outside the home folder: the daemon, the advisor's API and ntfy.</summary>
internal sealed class ServiceChecks(SettingsSource settings, TimeProvider clock)
{
    private static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(10);
    private readonly Settings _settings = settings.Current;

    /// <param name="page">Whether a test page is sent.</param>
    /// <param name="call">Whether a call is made, which costs a little.</param>
    /// <param name="cancellationToken">Ends the checks.</param>
    public async Task<List<Finding>> RunAsync(bool page, bool call, CancellationToken cancellationToken)
    {
        var findings = new List<Finding> { OperatorToken(), await DaemonAsync(cancellationToken) };
        findings.AddRange(await new ApiCheck(settings, clock).RunAsync(call, cancellationToken));
        using var pages = NtfyClient.NewHttp();
        var ntfy = new NtfyClient(pages, settings, clock);
        findings.Add(await NtfyAsync(ntfy, cancellationToken));
        if (page)
            findings.Add(await PageAsync(ntfy, cancellationToken));
        return findings;
    }

    private Finding OperatorToken()
    {
        const string name = "escalation";
        var (token, scanned) = (_settings.Config.Operator.Token, _settings.Config.Operator.ScanChars);
        var length = Characters.Count(token);
        return length <= scanned
            ? Finding.Ok(name, $"{token} within the first {scanned} characters")
            : Finding.Fault(
                name,
                $"operator.token has {length} characters, but only the first {scanned} of a reply are searched: "
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

    private async Task<Finding> NtfyAsync(NtfyClient ntfy, CancellationToken cancellationToken)
    {
        var server = Printing.Server(_settings.Secrets.NtfyServer);
        var topic = _settings.Secrets.NtfyTopic.Length == 0 ? "; the topic is made by relay run" : "";
        return await ntfy.HealthAsync(cancellationToken) is { } fault
            ? Finding.Fault("ntfy", $"{server} does not say that it is well: {fault.Reason}", fault.Fix)
            : Finding.Ok("ntfy", $"{server} is healthy{topic}");
    }

    /// <summary>Sends the page directly and not through the queue, so that the server's answer is known at once.</summary>
    private async Task<Finding> PageAsync(NtfyClient ntfy, CancellationToken cancellationToken)
    {
        const string name = "test page";
        if (_settings.Secrets.NtfyTopic.Length == 0)
            return Finding.Fault(name, "there is no topic yet", "relay run makes one");
        var id = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
        var text = $"Pages of the relay in {_settings.Home.Root} reach you.";
        var page = new QueuedPage(id, PageCause.Online, "Relay: test page", text, Priority: 3, "white_check_mark", Attempts: 0);
        return await ntfy.PublishAsync(page, cancellationToken) switch
        {
            Push.Taken { Refusal: { } refusal } =>
                Finding.Fault(name, $"only its title was taken: {refusal}", "see what the server refuses in a message"),
            Push.Failed failed => Finding.Fault(name, $"not taken: {failed.Reason}", failed.Fix),
            Push.Refused refused => Finding.Fault(name, $"not taken: {refused.Reason}", refused.Fix),
            _ => Finding.Ok(name, "the server took it; it should be on your phone now"),
        };
    }
}
