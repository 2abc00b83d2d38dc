using System.CommandLine;
using Relay.Configuration;
using Relay.Files;
using Relay.Texts;

namespace Relay.Cli;

/// <summary>relay doctor: checks the installation and says how to fix each fault.</summary>
internal static class DoctorCommand
{
    public static Command Create(CommandContext context)
    {
        var page = new Option<bool>("--page") { Description = "also send a test page, and say whether the server took it" };
        var call = new Option<bool>("--call") { Description = "also ask the advisor for one token, as the daemon would; it is paid" };
        var json = CommonOptions.Json();
        var command = new Command("doctor", "check key, address, model, folders, database, clock and ntfy, with a fix for each fault")
        {
            page,
            call,
            json,
        };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(
                context, new HomeChoice(context).Of(parse.GetValue(context.HomeOption)),
                new Extras(parse.GetValue(page), parse.GetValue(call)), parse.GetValue(json), cancellationToken));
        return command;
    }

    /// <summary>What is done only on request: the operator notices one, and pays for the other.</summary>
    private sealed record Extras(bool Page, bool Call);

    private static async Task<int> RunAsync(
        CommandContext context, RelayHome home, Extras extras, bool json, CancellationToken cancellationToken)
    {
        if (HomeTrust.WhyClosed(home) is { } closed)
            throw new CommandFailure(ExitCode.Configuration, closed);
        var isSafe = HomeTrust.WhyNot(home) is null; // What others have written is not followed, not even to check it.
        var loaded = isSafe ? SettingsSource.Load(home, context.Environment, generate: false) : new Loaded.Faulty([]);
        var findings = isSafe ? await FindAsync(context, loaded, home, extras, cancellationToken) : [.. HomeChecks.Run(home)];
        var healthy = findings.TrueForAll(finding => finding.State != FindingState.Fault);
        if (json)
            context.WriteJson(new { Healthy = healthy, Checks = findings.Select(finding => finding.ToJson()).ToList() });
        else
            Show(context, findings);
        if (loaded is Loaded.Faulty faulty)
            return json ? context.ReportFaults(faulty.Faults) : ExitCode.Configuration; // They are among the findings.
        return healthy ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>With faulty settings only the home can be checked, and a relay that runs on what they said before.</summary>
    private static async Task<List<Finding>> FindAsync(
        CommandContext context, Loaded loaded, RelayHome home, Extras extras, CancellationToken cancellationToken)
    {
        var faults = loaded is Loaded.Faulty faulty ? faulty.Faults.Select(SettingsFault).ToList() : [];
        var isRunning = InstanceLock.RunningProcess(home.LockFile) is not null;
        if (faults.Count > 0 && !isRunning)
            return [.. faults, .. HomeChecks.Run(home)];
        var source = isRunning ? SettingsSource.InForce(home, context.Environment) : ((Loaded.Ok)loaded).Source;
        return
        [
            .. faults.Count > 0 ? faults : [Finding.Ok("configuration", home.Root)],
            .. HomeChecks.Run(home),
            .. await new SetupChecks(source.Current, TimeProvider.System).RunAsync(cancellationToken),
            await DatabaseCheck.RunAsync(source, cancellationToken),
            .. ProjectsCheck.Run(home),
            .. await SettingsCheck.RunAsync(source, cancellationToken),
            .. await new ServiceChecks(source, TimeProvider.System).RunAsync(extras.Page, extras.Call, cancellationToken),
        ];
    }

    private static Finding SettingsFault(ConfigFault fault) =>
        Finding.Fault("configuration", fault.ToString(), "correct the line; then relay doctor checks the rest");

    private static void Show(CommandContext context, List<Finding> findings)
    {
        var width = findings.Max(finding => finding.Check.Length);
        foreach (var finding in findings)
        {
            WriteMark(context, finding);
            context.WriteText($"{finding.Check.PadRight(width)}  {Visible.OneLine(OneLine(finding.Detail))}");
            if (finding.Fix is not null)
                context.WriteText($"{"",MarkWidth}{"".PadRight(width)}  fix: {finding.Fix}");
        }
        var faults = findings.Count(finding => finding.State == FindingState.Fault);
        var warnings = findings.Count(finding => finding.State == FindingState.Warning);
        context.Output.WriteLine(
            (faults == 0 ? "no fault found" : Printing.Many(faults, "fault"))
            + (warnings == 0 ? "" : ", " + Printing.Many(warnings, "warning")));
    }

    private const int MarkWidth = 9;

    /// <summary>A mark and a colour on a terminal, the word alone elsewhere.</summary>
    private static void WriteMark(CommandContext context, Finding finding)
    {
        var word = finding.Word.PadRight(MarkWidth - (context.IsOutputRich ? 2 : 0));
        if (!context.IsOutputRich)
        {
            context.Output.Write(word);
            return;
        }
        var (mark, colour) = finding.State switch
        {
            FindingState.Ok => ("✓", 32),
            FindingState.Fault => ("✗", 31),
            FindingState.Warning => ("!", 33),
            _ => ("·", 90),
        };
        context.RawOutput.Write(FormattableString.Invariant($"\u001b[{colour}m{mark} {word}\u001b[0m"));
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}

internal enum FindingState
{
    Ok,
    Warning,
    Fault,
    Skipped,
}

/// <summary>What one check found. A fault says how to fix it.</summary>
internal sealed record Finding(string Check, FindingState State, string Detail, string? Fix)
{
    public string Word => State switch
    {
        FindingState.Ok => "ok",
        FindingState.Warning => "warning",
        FindingState.Fault => "FAULT",
        _ => "skipped",
    };

    public static Finding Ok(string check, string detail) => new(check, FindingState.Ok, detail, Fix: null);

    public static Finding Fault(string check, string detail, string fix) => new(check, FindingState.Fault, detail, fix);

    /// <summary>It works, but not as most would want it.</summary>
    public static Finding Warning(string check, string detail, string fix) => new(check, FindingState.Warning, detail, fix);

    public static Finding Skipped(string check, string detail) => new(check, FindingState.Skipped, detail, Fix: null);

    public object ToJson() => new { Check, State = State.ToString().ToLowerInvariant(), Detail, Fix };
}
