using System.CommandLine;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>relay doctor: checks the installation and says how to fix each fault.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandContext context)
    {
        var page = new Option<bool>("--page") { Description = "also send a test page, and say whether the server took it" };
        var json = CommonOptions.Json();
        var command = new Command("doctor", "check key, address, folders, database, clock and ntfy, with a fix for each fault")
        {
            page,
            json,
        };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context, context.Home(parse), parse.GetValue(page), parse.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        CommandContext context, RelayHome home, bool page, bool json, CancellationToken cancellationToken)
    {
        var loaded = SettingsSource.Load(home, context.Environment, generate: false);
        var findings = await FindAsync(loaded, home, page, cancellationToken);
        var healthy = findings.TrueForAll(finding => finding.State != FindingState.Fault);
        if (json)
            context.WriteJson(new { Healthy = healthy, Checks = findings.Select(finding => finding.ToJson()).ToList() });
        else
            Show(context, findings);
        if (loaded is Loaded.Faulty faulty)
            return context.ReportFaults(faulty.Faults);
        return healthy ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>With faulty settings only the home can be checked.</summary>
    private static async Task<List<Finding>> FindAsync(Loaded loaded, RelayHome home, bool page, CancellationToken cancellationToken)
    {
        if (loaded is not Loaded.Ok ok)
            return [.. ((Loaded.Faulty)loaded).Faults.Select(SettingsFault), .. HomeChecks.Run(home)];
        return
        [
            Finding.Ok("configuration", home.Root),
            .. HomeChecks.Run(home),
            await DatabaseCheck.RunAsync(ok.Source, cancellationToken),
            .. await new ServiceChecks(ok.Source, TimeProvider.System).RunAsync(page, cancellationToken),
        ];
    }

    private static Finding SettingsFault(ConfigFault fault) =>
        Finding.Fault("configuration", fault.ToString(), "correct the line; then relay doctor checks the rest");

    private static void Show(CommandContext context, List<Finding> findings)
    {
        var width = findings.Max(finding => finding.Check.Length);
        foreach (var finding in findings)
        {
            context.WriteText($"{finding.Word,-7}  {finding.Check.PadRight(width)}  {finding.Detail}");
            if (finding.Fix is not null)
                context.WriteText($"{"",7}  {"".PadRight(width)}  fix: {finding.Fix}");
        }
        var faults = findings.Count(finding => finding.State == FindingState.Fault);
        context.Output.WriteLine(faults == 0 ? "no fault found" : faults == 1 ? "1 fault" : $"{faults} faults");
    }
}

internal enum FindingState
{
    Ok,
    Fault,
    Skipped,
}

/// <summary>What one check found. A fault says how to fix it.</summary>
internal sealed record Finding(string Check, FindingState State, string Detail, string? Fix)
{
    public string Word => State switch
    {
        FindingState.Ok => "ok",
        FindingState.Fault => "FAULT",
        _ => "skipped",
    };

    public static Finding Ok(string check, string detail) => new(check, FindingState.Ok, detail, Fix: null);

    public static Finding Fault(string check, string detail, string fix) => new(check, FindingState.Fault, detail, fix);

    public static Finding Skipped(string check, string detail) => new(check, FindingState.Skipped, detail, Fix: null);

    public object ToJson() => new { Check, State = State.ToString().ToLowerInvariant(), Detail, Fix };
}
