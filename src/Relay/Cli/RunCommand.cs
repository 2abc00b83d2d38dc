using System.CommandLine;
using System.Runtime.InteropServices;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>relay run: the daemon, in the foreground.</summary>
internal static class RunCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command("run", "run the daemon in the foreground");
        command.SetAction((parse, cancellationToken) => RunAsync(context.Home(parse), context, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(RelayHome home, CommandContext context, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            return await RunAsync(home, context, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return ExitCode.Done; // Stopped while it was still starting.
        }

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true; // Otherwise the runtime would end the process before the daemon has stopped.
            stopping.Cancel();
        }
    }

    private static async Task<int> RunAsync(RelayHome home, CommandContext context, CancellationTokenSource stopping)
    {
        home.CreateFolders();
        var loaded = SettingsSource.Load(home, context.Environment, generate: true);
        if (loaded is Loaded.Faulty faulty)
            return context.ReportFaults(faulty.Faults);
        switch (await Daemon.StartAsync(((Loaded.Ok)loaded).Source, TimeProvider.System, _ => { }, stopping.Token))
        {
            case Daemon.Start.AlreadyRunning other:
                await context.Error.WriteLineAsync(other.ProcessId is { } pid ? $"already running (pid {pid})" : "already running");
                return ExitCode.TryLater;
            case Daemon.Start.Impossible impossible:
                await context.Error.WriteLineAsync($"relay cannot start: {impossible.Reason}");
                return ExitCode.Configuration;
            case Daemon.Start.Running running:
                await using (running.Daemon)
                    await running.Daemon.WaitAsync(stopping.Token);
                return stopping.IsCancellationRequested ? ExitCode.Done : ExitCode.Failed;
            default:
                throw new InvalidOperationException();
        }
    }
}
