using System.Diagnostics;
using System.Text.Json;

namespace Relay.Scenarios.Harness;

/// <summary>A reply that a session received. The ticks are those of Stopwatch, just before the file was deleted.</summary>
/// <param name="Text">Without the line break at its end.</param>
/// <param name="Ticks">When it was taken.</param>
/// <param name="Id">As input.json said; null when that was not there.</param>
internal sealed record Received(string Text, long Ticks, string? Id);

/// <summary>A session that works with files: it drops envelopes, and reads and deletes input.txt, even while the relay is down.</summary>
internal sealed class Session : IAsyncDisposable
{
    /// <summary>The file is looked for this often even if the watcher reports nothing.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private readonly ScenarioHome _home;
    private readonly string _input;
    private readonly List<Received> _received = [];
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly FileSystemWatcher _watcher;
    private readonly Task _reading;

    public Session(ScenarioHome home, string id)
    {
        _home = home;
        Id = id;
        var folder = home.Paths.SessionFolder(id);
        Directory.CreateDirectory(folder);
        _input = Path.Combine(folder, "input.txt");
        _watcher = new FileSystemWatcher(folder, "input.txt") { NotifyFilter = NotifyFilters.FileName };
        _watcher.Created += (_, _) => _arrived.Release();
        _watcher.Renamed += (_, _) => _arrived.Release();
        _watcher.EnableRaisingEvents = true;
        _reading = Task.Run(ReadAsync);
    }

    public string Id { get; }

    public int Count
    {
        get
        {
            lock (_received)
                return _received.Count;
        }
    }

    public IReadOnlyList<Received> Received
    {
        get
        {
            lock (_received)
                return _received.ToArray();
        }
    }

    public void Say(string content) => _home.Drop(Id, content);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _watcher.Dispose();
        _arrived.Dispose();
        _stopping.Dispose();
    }

    private async Task ReadAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            while (File.Exists(_input))
                Take();
            await _arrived.WaitAsync(LongestWait, _stopping.Token);
        }
    }

    private void Take()
    {
        var text = File.ReadAllText(_input);
        var reply = new Received(text.EndsWith('\n') ? text[..^1] : text, Stopwatch.GetTimestamp(), IdInFacts());
        lock (_received)
            _received.Add(reply);
        File.Delete(_input);
    }

    private string? IdInFacts()
    {
        var file = Path.ChangeExtension(_input, ".json");
        if (!File.Exists(file))
            return null;
        using var facts = JsonDocument.Parse(File.ReadAllBytes(file));
        return facts.RootElement.GetProperty("id").GetString();
    }
}
