using System.CommandLine;
using Relay.Configuration;
using Relay.Http;
using Relay.Running;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay doctor: what is wrong, and how to mend it.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandContext context)
    {
        var page = new Option<bool>("--page") { Description = "also send a test page, and say whether the server took it" };
        var json = Parts.Json();
        var command = new Command("doctor", "check key, address, folders, database, clock and ntfy, with a fix for each fault") { page, json };
        command.SetAction((parse, cancellationToken) => RunAsync(context, context.Home(parse), parse.GetValue(page), parse.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, RelayHome home, bool page, bool json, CancellationToken cancellationToken)
    {
        var loaded = SettingsSource.Load(home, context.Environment, generate: false);
        var findings = new List<Finding>();
        if (loaded is Loaded.Faulty faulty)
            findings.AddRange(faulty.Faults.Select(fault => Finding.Fault("configuration", fault.ToString(), "mend the line; relay doctor checks the rest then")));
        findings.AddRange(HomeChecks.Run(home));
        if (loaded is Loaded.Ok ok)
        {
            findings.Insert(0, Finding.Ok("configuration", home.Root));
            findings.Add(await DatabaseCheck.RunAsync(ok.Source, cancellationToken));
            findings.AddRange(await new ServiceChecks(ok.Source, TimeProvider.System).RunAsync(page, cancellationToken));
        }
        if (json)
            context.WriteJson(new { Healthy = findings.TrueForAll(finding => finding.State != FindingState.Fault), Checks = findings.Select(finding => finding.ToJson()).ToList() });
        else
            Show(context, findings);
        if (loaded is Loaded.Faulty broken)
            return context.Faulty(broken.Faults);
        return findings.Exists(finding => finding.State == FindingState.Fault) ? ExitCode.Failed : ExitCode.Done;
    }

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

/// <summary>What one check found; a fault says how to mend it.</summary>
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
