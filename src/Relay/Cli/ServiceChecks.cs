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
        var state = await DaemonState.ReadAsync(settings, cancellationToken);
        var findings = new List<Finding> { OperatorToken(), await DaemonAsync(state, cancellationToken) };
        findings.AddRange(await new ApiCheck(settings, state.HeldByTheApi, clock).RunAsync(call, cancellationToken));
        using var pages = NtfyClient.NewHttp();
        var ntfy = new NtfyClient(pages, settings, clock);
        findings.Add(await NtfyAsync(ntfy, state, cancellationToken));
        if (page)
            findings.Add(await PageAsync(ntfy, cancellationToken));
        if (findings[^1] is { State: not FindingState.Fault } last)
        {
            var reader = new NtfyTopicReader(pages, settings, clock);
            var answers = await new RoundTripCheck(reader, settings, clock).RunAsync(cancellationToken);
            var isOfNtfy = last.State == FindingState.Ok; // What is no ntfy server may take pages and bring nothing back.
            findings.Add(isOfNtfy || answers.Fix is not { } fix ? answers : Finding.Warning(answers.Check, answers.Detail, fix));
        }
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

    private async Task<Finding> DaemonAsync(DaemonState state, CancellationToken cancellationToken)
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
                return await UnwellAsync(daemon, received, state, cancellationToken);
            default:
                throw new InvalidOperationException();
        }
    }

    /// <summary>With the reasons as far as they are known. What another check has found is not told again.</summary>
    private async Task<Finding> UnwellAsync(
        DaemonClient daemon, DaemonClient.Response.Received health, DaemonState state, CancellationToken cancellationToken)
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
            FixOf(reasons, state));
    }

    /// <summary>What the pages say would help; for what has none, where to look.</summary>
    private string FixOf(List<string> reasons, DaemonState state)
    {
        var fixes = state.Held.DistinctBy(message => message.Cause).Take(3).Select(HoldPages.Remedy).ToList();
        if (state.Unsent.LastError is { } error)
            fixes.Add(NtfyAnswer.FixOf(error, _settings.Secrets));
        var others = reasons.FindAll(reason => !reason.StartsWith(Health.Held, StringComparison.Ordinal) && !Health.IsOfPages(reason));
        if (fixes.Count == 0 || others.Count > 0)
            fixes.Add("mend what is named; relay messages lists what waits, and for what");
        return string.Join("; ", fixes.Select(fix => char.ToLowerInvariant(fix[0]) + fix[1..].TrimEnd('.')));
    }

    private static List<string> Reasons(DaemonClient.Response.Received health) =>
        health.Body.ValueKind == JsonValueKind.Object && health.Body.TryGetProperty("reasons", out var list)
            ? [.. list.EnumerateArray().Select(each => each.GetString() ?? "")]
            : [health.Detail];

    /// <summary>A server may be healthy and take no page, or take every page and say nothing of its health: what became of the daemon's
    /// pages counts for more.</summary>
    private async Task<Finding> NtfyAsync(NtfyClient ntfy, DaemonState state, CancellationToken cancellationToken)
    {
        const string name = "ntfy";
        var server = Printing.Server(_settings.Secrets.NtfyServer);
        var topic = _settings.Secrets.NtfyTopic.Length == 0 ? "; the topic is made by relay run" : "";
        if (state.Unsent is { LastError: { } error, Count: var count })
            return Finding.Fault(
                name, $"{server} has not taken {Printing.Many(count, "page")}: {error}", NtfyAnswer.FixOf(error, _settings.Secrets));
        return await ntfy.HealthAsync(cancellationToken) switch
        {
            (null, _) => Finding.Ok(name, $"{server} is healthy{topic}"),
            ({ } fault, true) when state.PagesAreTaken => Finding.Warning(
                name, $"{server} takes the pages, but does not say that it is well: {fault.Reason}",
                "relay doctor --page sends a test page"),
            ({ } fault, _) => Finding.Fault(name, $"{server} does not say that it is well: {fault.Reason}", fault.Fix),
        };
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
