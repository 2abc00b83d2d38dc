using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Relay.Configuration;
using Relay.Files;
using Relay.Http;
using Relay.Texts;
using Spectre.Console;

namespace Relay.Cli;

/// <summary>Two sessions ask, one reply escalates, the operator is paged and answers, the replies come back.
/// It uses only what every user has: files and pages. Nothing here reaches into the daemon.</summary>
internal sealed class Demo(CommandContext context)
{
    private const string Open =
        """
        Ask JC: the import locks the orders for two minutes. Tonight, or on Saturday?

        Nobody ordered between 02:00 and 03:00 on any of the last 30 days.
        - (a) Tonight at 02:00 (recommended)
        - (b) On Saturday, and tell the customers before
        """;

    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(20);
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly IAnsiConsole? _console =
        context.IsOutputRich ? TerminalOutput.Console(context.RawOutput, context.Width) : null;

    public async Task<int> RunAsync(bool keep, CancellationToken cancellationToken)
    {
        var home = new RelayHome(Directory.CreateTempSubdirectory("relay-demo-").FullName);
        await using var phone = await DemoPhone.StartAsync(cancellationToken);
        await using (var daemon = await StartAsync(home, phone, cancellationToken))
        {
            Show("relay", $"runs in {home.Root} at {daemon.Url}, offline, with the simulated advisor");
            if (!await PlayAsync(home, phone, cancellationToken))
                return ExitCode.Failed;
            if (keep)
            {
                if (!await FillPageAsync(home, phone, cancellationToken))
                    return ExitCode.Failed;
                await ShowLinkAsync(daemon, cancellationToken);
                await KeepAsync(daemon, cancellationToken);
                return ExitCode.Done;
            }
        }
        Directory.Delete(home.Root, recursive: true);
        context.Output.WriteLine(
            "next: relay init makes a home of the folder you are in; put ANTHROPIC_API_KEY into its .env, then relay doctor and relay run. "
            + "relay connect claude-code connects a project");
        return ExitCode.Done;
    }

    /// <summary>Ignores the process's environment, so that no page goes to a real phone and no real key is used.</summary>
    private static async Task<Daemon> StartAsync(RelayHome home, DemoPhone phone, CancellationToken cancellationToken)
    {
        home.CreateFolders();
        DurableFile.Replace(home.ConfigFile, """
            advisor: simulated
            listen: 127.0.0.1:0
            budget:
              per_day_usd: 5
            sessions:
              - session_id: session-1
              - session_id: session-2

            """u8);
        var environment = new Dictionary<string, string> { ["NTFY_SERVER"] = phone.Url };
        if (SettingsSource.Load(home, environment, generate: true) is not Loaded.Ok loaded)
            throw new CommandFailure(ExitCode.Failed, $"the demo could not write its settings in {home.Root}");
        return await Daemon.StartAsync(loaded.Source, TimeProvider.System, Configure, cancellationToken) switch
        {
            Daemon.Start.Running running => running.Daemon,
            Daemon.Start.Impossible impossible =>
                throw new CommandFailure(ExitCode.Failed, $"the demo could not start in {home.Root}: {impossible.Reason}"),
            _ => throw new CommandFailure(ExitCode.Failed, $"the demo could not start in {home.Root}"),
        };
    }

    private static void Configure(WebApplicationBuilder builder)
    {
        builder.Configuration["quiet"] = "true";
        // No proxy: the phone is on this machine.
        builder.Services.AddSingleton(_ => Outgoing.LocalClient());
    }

    private async Task<bool> PlayAsync(RelayHome home, DemoPhone phone, CancellationToken cancellationToken)
    {
        Send(home, "session-1", "The migration is written. Shall I run it on the copy first?");
        Send(home, "session-2", "Two users may own one key. Ask the operator: forbid it or merge them?");
        if (!await TakeReplyAsync(home, "session-1", cancellationToken))
            return false;
        var paged = await WaitAsync(() => phone.Received("[NEEDS-JC]"), cancellationToken);
        if (paged is null)
            return ReportMissing("the page to the operator");
        Show("phone", paged);
        var waiting = await WaitAsync(() => State(home) is "needs_jc" ? "needs_jc" : null, cancellationToken);
        Show("status", waiting ?? "unknown");
        Show("operator", "answers through state/jc_input.txt: Merge them, keep the older one.");
        DurableFile.Replace(home.OperatorFile("jc_input.txt"), "Merge them, keep the older one."u8);
        if (!await TakeReplyAsync(home, "session-2", cancellationToken))
            return false;
        Show("relay", "every reply reached the session that asked, once");
        return true;
    }

    /// <summary>What the operator's page has to show: a ruling that settles something, and a question with options that somebody waits
    /// for.</summary>
    private async Task<bool> FillPageAsync(RelayHome home, DemoPhone phone, CancellationToken cancellationToken)
    {
        Send(home, "session-1", "Two users own one key in the audit table, too. Does ruling 1 settle that?");
        if (!await TakeReplyAsync(home, "session-1", cancellationToken))
            return false;
        Send(home, "session-2", Open);
        if (await WaitAsync(() => phone.Received("(#2)"), cancellationToken) is not { } paged)
            return ReportMissing("the page to the operator");
        Show("phone", paged);
        Send(home, "session-1", "May I tag the release meanwhile?");
        return true;
    }

    private async Task ShowLinkAsync(Daemon daemon, CancellationToken cancellationToken)
    {
        var settings = daemon.Services.GetRequiredService<SettingsSource>();
        using var client = new DaemonClient(settings, TimeProvider.System);
        var link = await DashboardCommand.LinkAsync(client, settings.Current, cancellationToken);
        Show("operator", $"has a page where question 2 waits: {link.Url}");
        var again = settings.Current.Home.Root;
        Show("operator", $"the link lets one browser in, once, within ten minutes; relay dashboard --home {again} makes another");
    }

    /// <summary>Does what a session should do: writes a file under another name, then renames it into an envelope.</summary>
    private void Send(RelayHome home, string session, string content)
    {
        var envelope = Path.Combine(home.Queue, $"{session}.json");
        DurableFile.Replace(envelope, JsonSerializer.SerializeToUtf8Bytes(new { session_id = session, content }));
        Show(session, $"asks: {content}");
    }

    private async Task<bool> TakeReplyAsync(RelayHome home, string session, CancellationToken cancellationToken)
    {
        var file = Path.Combine(home.SessionFolder(session), "input.txt");
        if (await WaitAsync(() => BoundedFile.ReadState(file).Found, cancellationToken) is not { } bytes)
            return ReportMissing($"the reply to {session}");
        File.Delete(file);
        Show(session, $"reads dispatch/{session}/input.txt: {Encoding.UTF8.GetString(bytes).TrimEnd('\n')}");
        return true;
    }

    private bool ReportMissing(string what)
    {
        context.Error.WriteLine($"{what} did not come within {Duration.Write(StepTimeout)}");
        return false;
    }

    private static string? State(RelayHome home)
    {
        var bytes = BoundedFile.ReadState(home.StatusFile).Found ?? throw new IOException($"{home.StatusFile} is gone");
        using var status = JsonDocument.Parse(bytes);
        return status.RootElement.GetProperty("state").GetString();
    }

    private static async Task<T?> WaitAsync<T>(Func<T?> find, CancellationToken cancellationToken)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < StepTimeout)
        {
            if (find() is { } found)
                return found;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
        return null;
    }

    private async Task KeepAsync(Daemon daemon, CancellationToken cancellationToken)
    {
        Show("relay", $"goes on at {daemon.Url}; Ctrl-C ends it");
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        await daemon.WaitAsync(stopping.Token);

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopping.Cancel();
        }
    }

    private void Show(string who, string what)
    {
        var time = FormattableString.Invariant($"{Stopwatch.GetElapsedTime(_started).TotalSeconds,6:0.00} s");
        if (_console is null)
            context.Output.WriteLine($"{time}  {who,-10} {what}");
        else
            _console.MarkupLineInterpolated($"[grey]{time}[/]  [{Colour(who)}]{who,-10}[/] {Visible.Of(what)}");
    }

    private static string Colour(string who) => who switch
    {
        "operator" or "phone" => "yellow",
        "relay" or "status" => "green",
        _ => "aqua",
    };
}
