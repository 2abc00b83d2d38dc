using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Relay.Advisor;
using Relay.Configuration;
using Relay.Storage.Selection;

namespace Relay.Cli;

/// <summary>relay run: the daemon, in the foreground.</summary>
internal static class RunCommand
{
    public static Command Create(CommandContext context)
    {
        var forget = new Option<bool>(LostDatabase.Forget)
        {
            Description = "start with an empty database where the one there was is gone or damaged; what is left of it is kept",
        };
        var command = new Command("run", "run the daemon in the foreground") { forget };
        command.SetAction((parse, cancellationToken) =>
            RunAsync(context.Home(parse), context, parse.GetValue(forget), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        RelayHome home, CommandContext context, bool forgets, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            return await RunAsync(home, context, forgets, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            Say(context, "stopped");
            return ExitCode.Done; // While it was still starting.
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true; // Otherwise the runtime would end the process before the daemon has stopped.
            stopping.Cancel();
        }
    }

    private static async Task<int> RunAsync(
        RelayHome home, CommandContext context, bool forgets, CancellationTokenSource stopping)
    {
        var began = Stopwatch.GetTimestamp();
        if (HomeTrust.WhyNotRun(home) is { } unsafeHome)
            throw new CommandFailure(ExitCode.Configuration, unsafeHome);
        home.CreateFolders();
        foreach (var warning in HomeChecks.Warnings(home))
            await context.Error.WriteLineAsync($"warning: {warning}");
        var loaded = SettingsSource.Load(home, context.Environment, generate: true);
        if (loaded is Loaded.Faulty faulty)
            return context.ReportFaults(faulty.Faults);
        var settings = ((Loaded.Ok)loaded).Source;
        switch (await Daemon.StartAsync(settings, TimeProvider.System, _ => { }, forgets, stopping.Token))
        {
            case Daemon.Start.AlreadyRunning other:
                await context.Error.WriteLineAsync(other.ProcessId is { } pid ? $"already running (pid {pid})" : "already running");
                return ExitCode.TryLater;
            case Daemon.Start.Impossible impossible:
                await context.Error.WriteLineAsync($"relay cannot start: {impossible.Reason}");
                return impossible.IsPassing ? ExitCode.Failed : ExitCode.Configuration;
            case Daemon.Start.Running running:
                await using (running.Daemon)
                {
                    if (running.Daemon.Warning is { } warning)
                        await context.Error.WriteLineAsync($"relay: {warning}");
                    Introduce(context, settings.Current, running.Daemon.Url);
                    Say(context, $"ready in {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms; Ctrl-C stops it");
                    await running.Daemon.WaitAsync(stopping.Token);
                }
                Say(context, "stopped");
                return stopping.IsCancellationRequested ? ExitCode.Done : ExitCode.Failed;
            default:
                throw new InvalidOperationException();
        }
    }

    /// <summary>What runs here, so that a wrong home or model is seen at once.</summary>
    private static void Introduce(CommandContext context, Settings settings, string url)
    {
        var (home, config, secrets) = (settings.Home, settings.Config, settings.Secrets);
        var listed = config.Sessions.Select(session => session.SessionId);
        context.WriteFacts(
        [
            ("relay", ProgramVersion.Text),
            ("home", home.Root),
            ("address", url),
            ("open", config.Listen.Openness),
            ("model", config.Advisor == AdvisorKind.Simulated ? "simulated, offline" : config.Model),
            ("sessions", string.Join(", ", config.AcceptUnknownSessions ? [.. listed, "and any other name"] : listed)),
            ("pages", $"{Printing.Server(secrets.NtfyServer)}; relay topic shows the topic to subscribe to"),
            ("no key", KeyWatch.IsMissing(settings)
                ? $"ANTHROPIC_API_KEY is not set: messages are kept and held until it is in {home.EnvFile}"
                : null),
        ]);
    }

    private static void Say(CommandContext context, string line)
    {
        context.Output.WriteLine(line);
        context.Output.Flush();
    }
}
