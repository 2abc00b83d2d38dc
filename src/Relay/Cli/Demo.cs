using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Relay.Configuration;
using Relay.Storage;

namespace Relay.Cli;

/// <summary>Two sessions ask, one reply escalates, the operator is paged and answers, the replies come back. Only files and a page go in and out,
/// as for anybody: nothing here reaches into the daemon.</summary>
internal sealed class Demo(CommandContext context)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly long _started = Stopwatch.GetTimestamp();

    public async Task<int> RunAsync(bool keep, CancellationToken cancellationToken)
    {
        var home = new RelayHome(Directory.CreateTempSubdirectory("relay-demo-").FullName);
        using var phone = new DemoPhone();
        home.CreateFolders();
        File.WriteAllText(home.ConfigFile, "advisor: simulated\nlisten: 127.0.0.1:0\nsessions:\n  - session_id: session-1\n  - session_id: session-2\n");
        var environment = new Dictionary<string, string> { ["NTFY_SERVER"] = phone.Url };
        if (SettingsSource.Load(home, environment, generate: true) is not Loaded.Ok loaded
            || await Daemon.StartAsync(loaded.Source, builder => builder.Configuration["quiet"] = "true", cancellationToken) is not Daemon.Start.Running running)
        {
            await context.Error.WriteLineAsync($"the demo could not start in {home.Root}");
            return ExitCode.Failed;
        }
        await using (running.Daemon)
        {
            Say("relay", $"runs in {home.Root} at {running.Daemon.Url}, offline, with the simulated advisor");
            var done = await PlayAsync(home, phone, cancellationToken);
            if (done && keep)
                await KeepAsync(running.Daemon, cancellationToken);
            if (!done)
                return ExitCode.Failed;
        }
        if (!keep)
            Directory.Delete(home.Root, recursive: true);
        return ExitCode.Done;
    }

    private async Task<bool> PlayAsync(RelayHome home, DemoPhone phone, CancellationToken cancellationToken)
    {
        Drop(home, "session-1", "The migration is written. Shall I run it on the copy first?");
        Drop(home, "session-2", "Two users may own one key. Ask the operator: forbid it or merge them?");
        if (!await TakeAsync(home, "session-1", cancellationToken))
            return false;
        var paged = await WaitAsync(() => phone.Received("[NEEDS-JC]"), cancellationToken);
        if (paged is null)
            return Missed("the page to the operator");
        Say("phone", paged);
        var waiting = await WaitAsync(() => State(home) is "needs_jc" ? "needs_jc" : null, cancellationToken);
        Say("status", waiting ?? "unknown");
        Say("operator", "answers through state/jc_input.txt: Merge them, keep the older one.");
        DurableFile.Replace(home.OperatorFile("jc_input.txt"), "Merge them, keep the older one."u8);
        if (!await TakeAsync(home, "session-2", cancellationToken))
            return false;
        Say("relay", "every reply reached the session that asked, once");
        return true;
    }

    /// <summary>As a session does: a file under another name first, then the rename that makes it an envelope.</summary>
    private void Drop(RelayHome home, string session, string content)
    {
        var envelope = Path.Combine(home.Queue, $"{session}.json");
        DurableFile.Replace(envelope, JsonSerializer.SerializeToUtf8Bytes(new { session_id = session, content }));
        Say(session, $"asks: {content}");
    }

    private async Task<bool> TakeAsync(RelayHome home, string session, CancellationToken cancellationToken)
    {
        var file = Path.Combine(home.SessionFolder(session), "input.txt");
        if (await WaitAsync(() => File.Exists(file) ? File.ReadAllText(file) : null, cancellationToken) is not { } reply)
            return Missed($"the reply to {session}");
        File.Delete(file);
        Say(session, $"reads dispatch/{session}/input.txt: {reply}");
        return true;
    }

    private bool Missed(string what)
    {
        context.Error.WriteLine($"{what} did not come within {Patience.TotalSeconds} s");
        return false;
    }

    private static string? State(RelayHome home)
    {
        using var status = JsonDocument.Parse(File.ReadAllBytes(home.StatusFile));
        return status.RootElement.GetProperty("state").GetString();
    }

    private static async Task<T?> WaitAsync<T>(Func<T?> find, CancellationToken cancellationToken)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < Patience)
        {
            if (find() is { } found)
                return found;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }
        return null;
    }

    private async Task KeepAsync(Daemon daemon, CancellationToken cancellationToken)
    {
        Say("relay", $"goes on at {daemon.Url}; Ctrl-C ends it");
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGINT,
            signal =>
            {
                signal.Cancel = true;
                stopping.Cancel();
            });
        await daemon.WaitAsync(stopping.Token);
    }

    private void Say(string who, string what) =>
        context.Output.WriteLine(FormattableString.Invariant($"{Stopwatch.GetElapsedTime(_started).TotalSeconds,6:0.00} s  {who,-10} {what}"));
}

/// <summary>Stands for the operator's phone: takes what the relay would send to ntfy.</summary>
internal sealed class DemoPhone : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<(string Title, string Message)> _pages = new();
    private readonly Task _receiving;

    public DemoPhone()
    {
        using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        }
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _receiving = ReceiveAsync();
    }

    public string Url { get; }

    public string? Received(string title) =>
        _pages.Where(page => page.Title.Contains(title, StringComparison.Ordinal)).Select(page => $"shows \"{page.Title}\": {page.Message}").FirstOrDefault();

    public void Dispose()
    {
        _listener.Close();
        _receiving.GetAwaiter().GetResult();
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var exchange = await _listener.GetContextAsync();
                using var page = await JsonDocument.ParseAsync(exchange.Request.InputStream);
                _pages.Enqueue((page.RootElement.GetProperty("title").GetString()!, page.RootElement.GetProperty("message").GetString()!));
                exchange.Response.Close("{}"u8.ToArray(), willBlock: false);
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The demo is over.
        }
    }
}
