using Relay.Configuration;
using Relay.Files;
using Relay.Operator.Pages;

namespace Relay.Web.Status;

/// <summary>A relay that cannot start says so where people look: in status.json and by a page, one for each reason however often it is
/// started again.</summary>
internal static class Refusal
{
    private static readonly TimeSpan LongestPaging = TimeSpan.FromSeconds(5);

    public static async Task TellAsync(SettingsSource settings, string reason, TimeProvider clock)
    {
        var (home, config) = (settings.Current.Home, settings.Current.Config);
        var last = StatusReport.InFile(home.StatusFile);
        var isTold = IsTold(last) || IsTold(StatusReport.InFile(Elsewhere(home)));
        var fault = isTold ? null : await PageAsync(settings, reason, clock);
        var report = (last ?? StatusReport.Unknown) with
        {
            State = "error",
            StateReason = reason,
            Unhealthy = [reason],
            StartedAt = null,
            PageError = fault,
            PagesUnsent = fault is null ? 0 : 1,
            Model = config.Model,
            Version = ProgramVersion.Text,
        };
        if (!TryWrite(home.StatusFile, report))
            TryWrite(Elsewhere(home), report);

        bool IsTold(StatusReport? report) =>
            report is { State: "error", PageError: null, StartedAt: null } && report.StateReason == reason;
    }

    /// <summary>The folder of the state may be what cannot be written.</summary>
    private static string Elsewhere(RelayHome home) => Path.Combine(home.Logs, "status.json");

    private static bool TryWrite(string file, StatusReport report)
    {
        try
        {
            DurableFile.ReplaceOrRemove(file, report.ToJson());
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Why it was not sent; null when it was.</summary>
    private static async Task<string?> PageAsync(SettingsSource settings, string reason, TimeProvider clock)
    {
        using var http = NtfyClient.NewHttp();
        using var limit = new CancellationTokenSource(LongestPaging, clock);
        var page = new QueuedPage(
            Guid.CreateVersion7(clock.GetUtcNow()).ToString("N"), PageCause.Broken("start"), "Relay error: cannot start",
            $"{reason}\n\nHome {settings.Current.Home.Root}. relay doctor tells more.", Priority: 5, "rotating_light", Attempts: 0);
        try
        {
            return await new NtfyClient(http, settings, clock).PublishAsync(page, limit.Token) switch
            {
                Push.Failed failed => failed.Reason,
                Push.Refused refused => refused.Reason,
                _ => null,
            };
        }
        catch (OperationCanceledException)
        {
            return "no answer in time";
        }
    }
}
