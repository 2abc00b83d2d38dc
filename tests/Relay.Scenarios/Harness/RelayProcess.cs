using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Relay.Scenarios.Harness;

/// <summary>The real program as a child process. It is taken from the build output of the same configuration.</summary>
internal sealed partial class RelayProcess : IAsyncDisposable
{
    public const int Terminate = 15, Interrupt = 2, Stop = 19, Continue = 18;

    /// <summary>The exit code of a process that was ended by SIGKILL.</summary>
    public const int Killed = 128 + 9;

    /// <summary>Longer than the 5 s that a stop may take, of which some wait for 4: the machine may stand still meanwhile. What waits for
    /// something that does not come, waits longer than this.</summary>
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(60), ReadyLimit = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly ScenarioHome _home;

    private RelayProcess(ScenarioHome home, Process process)
    {
        _home = home;
        _process = process;
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Output => Read(_output);

    public string Error => Read(_error);

    /// <summary>Set when the relay is ready.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1/");

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <param name="home">Its home.</param>
    /// <param name="crashAt">The step at which it kills itself.</param>
    /// <param name="named">How the home is named to it; null for its full path.</param>
    /// <param name="limit">What ulimit is told before; null for nothing.</param>
    /// <param name="more">Options.</param>
    /// <param name="heap">How many bytes .NET's heap may have; null for what it takes.</param>
    public static RelayProcess Launch(
        ScenarioHome home, string? crashAt = null, string? named = null, string? limit = null, long? heap = null, string[]? more = null)
    {
        string[] run = [Program(), "run", "--home", named ?? home.Paths.Root, .. more ?? []];
        var start = limit is null
            ? new ProcessStartInfo(run[0], run[1..])
            : new ProcessStartInfo("/bin/sh", ["-c", $"ulimit {limit}; exec \"$0\" \"$@\"", .. run]);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        start.WorkingDirectory = Path.GetTempPath();
        var names = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => (string)variable.Key);
        foreach (var name in names.Where(IsOfRelay))
            start.Environment.Remove(name); // The settings of the developer's shell must not be used.
        if (crashAt is not null)
            start.Environment["RELAY_CRASH_AT"] = crashAt;
        if (heap is { } bytes)
            start.Environment["DOTNET_GCHeapHardLimit"] = bytes.ToString("x", CultureInfo.InvariantCulture);
        return new RelayProcess(home, Process.Start(start)!);
    }

    public static Task<RelayProcess> StartAsync(ScenarioHome home, CancellationToken cancellationToken) =>
        ReadyAsync(Launch(home), cancellationToken);

    /// <summary>Waits until one that was launched is ready.</summary>
    public static async Task<RelayProcess> ReadyAsync(RelayProcess relay, CancellationToken cancellationToken)
    {
        if (await relay.ReadyAsync(ReadyLimit, cancellationToken))
            return relay;
        var said = $"the relay did not become ready (exited: {relay.HasExited})\n{relay.Output}{relay.Error}";
        await relay.DisposeAsync();
        throw new TimeoutException(said);
    }

    /// <summary>Waits until endpoint.json names this process and /healthz answers.
    /// False if the process ended or the limit passed first.</summary>
    public async Task<bool> ReadyAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        Uri? url = null;
        await Eventually.WithinAsync(limit, () => HasExited || (url = Endpoint()) is not null, cancellationToken);
        using var http = new HttpClient();
        while (url is not null && !HasExited && Stopwatch.GetElapsedTime(started) < limit)
        {
            try
            {
                using var response = await http.GetAsync(new Uri(url, "healthz"), cancellationToken);
                Url = url;
                return true;
            }
            catch (HttpRequestException)
            {
                await Eventually.WithinAsync(TimeSpan.FromMilliseconds(5), () => HasExited, cancellationToken);
            }
        }
        return false;
    }

    /// <summary>The operator's word for all that is held. False where the relay is gone before it is heard.</summary>
    public async Task<bool> RetryHeldAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, "retry")) { Content = new StringContent("{}") };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ScenarioHome.OperatorToken);
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Sends SIGKILL, so the process cannot clean up.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync(ExitLimit);
    }

    public void Signal(int signal) => Kill(_process.Id, signal);

    /// <summary>Then all that it printed is there: without this wait some of it may be on its way.</summary>
    public async Task<int> ExitAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(limit);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private Uri? Endpoint()
    {
        try
        {
            using var endpoint = JsonDocument.Parse(File.ReadAllBytes(_home.Paths.EndpointFile));
            var root = endpoint.RootElement;
            return root.GetProperty("pid").GetInt32() == Id ? new Uri(root.GetProperty("url").GetString()!) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    internal static string Program()
    {
        var mine = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory); // …/bin/PROJECT/CONFIGURATION
        return Path.GetFullPath(Path.Combine(mine, "..", "..", "Relay", Path.GetFileName(mine), "relay"));
    }

    private static bool IsOfRelay(string name) =>
        name.StartsWith("RELAY_", StringComparison.Ordinal)
        || name.StartsWith("NTFY_", StringComparison.Ordinal)
        || name.StartsWith("ANTHROPIC_", StringComparison.Ordinal);

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
            text.AppendLine(line);
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
