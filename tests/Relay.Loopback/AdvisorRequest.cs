using System.Text;
using System.Text.Json;

namespace Relay.Loopback;

public enum RequestEnd
{
    Answered,
    ClientLeft,
    CutByServer,
}

/// <summary>When a request arrived: on the stand-in's clock, and in ticks of Stopwatch, which always count real time.</summary>
internal readonly record struct Arrival(DateTimeOffset At, long Ticks);

/// <summary>One request, and what was answered to it so far. Thread-safe.</summary>
public sealed class AdvisorRequest
{
    private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<RequestEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _body;
    private readonly WeakReference<ParsedPrompt?> _prompt = new(null);
    private volatile TokenUsage? _usage;
    private volatile int _status;
    private long _answeredUtcTicks;

    internal AdvisorRequest(int number, string path, IReadOnlyDictionary<string, string> headers, byte[] body, Arrival arrival)
    {
        (Number, Path, Headers, _body, ArrivedAt, ArrivedTicks) = (number, path, headers, body, arrival.At, arrival.Ticks);
        _answeredUtcTicks = arrival.At.UtcTicks;
    }

    /// <summary>A request that is never sent, to compute what it would cost.</summary>
    public static AdvisorRequest FromBody(string body, DateTimeOffset arrivedAt) => new(
        number: 0, "/v1/messages", new Dictionary<string, string>(), Encoding.UTF8.GetBytes(body), new Arrival(arrivedAt, Ticks: 0));

    /// <summary>1 for the first request of its path.</summary>
    public int Number { get; }

    public string Path { get; }

    /// <summary>The names are compared without regard to case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    public string Body => Encoding.UTF8.GetString(_body);

    /// <summary>On the clock of the stand-in.</summary>
    public DateTimeOffset ArrivedAt { get; }

    /// <summary>In units of <see cref="System.Diagnostics.Stopwatch.Frequency"/>, always real time.</summary>
    public long ArrivedTicks { get; }

    /// <summary>When the first byte of the answer was sent; before that, the time of arrival.</summary>
    public DateTimeOffset AnsweredAt
    {
        get => new(Interlocked.Read(ref _answeredUtcTicks), TimeSpan.Zero);
        internal set => Interlocked.Exchange(ref _answeredUtcTicks, value.UtcTicks);
    }

    public string Model => Prompt.Model;

    public bool IsStreaming => Prompt.Stream;

    public int? MaxTokens => Prompt.MaxTokens;

    /// <summary>The text of all system blocks, joined by line feeds.</summary>
    public string System => string.Join('\n', Blocks.Where(block => block.Section == PromptSection.System).Select(block => block.Text));

    /// <summary>One entry for each message, with its text blocks joined by line feeds.</summary>
    public IReadOnlyList<AdvisorTurn> Messages => Prompt.Turns;

    /// <summary>The markers of the blocks, in prompt order. <see cref="AutomaticCache"/> is the marker of the top level.</summary>
    public IReadOnlyList<CacheMarker> Markers =>
        [.. Blocks.Where(block => block.Marker is not null).Select(block => new CacheMarker(block.Path, block.Marker!.Value))];

    public CacheLifetime? AutomaticCache => Prompt.AutomaticCache;

    public IReadOnlyList<PromptBlock> Blocks => Prompt.Blocks;

    public string LastUserText => Messages.LastOrDefault(turn => turn.Role == "user")?.Text ?? "";

    /// <summary>The system text and all messages, joined by line feeds.</summary>
    public string AllText => string.Join('\n', Messages.Select(turn => turn.Text).Prepend(System));

    /// <summary>The body; undefined if it is not JSON.</summary>
    public JsonElement Json => Prompt.Root;

    /// <summary>What was billed for this request; null if it was refused or is not answered yet.</summary>
    public TokenUsage? Usage
    {
        get => _usage;
        internal set => _usage = value;
    }

    /// <summary>The HTTP status that was sent; 0 before that.</summary>
    public int Status
    {
        get => _status;
        internal set => _status = value;
    }

    /// <summary>Completes when a scripted stall begins. Then nothing more is sent until it is released.</summary>
    public Task Silent => _silent.Task;

    public Task<RequestEnd> Ended => _ended.Task;

    internal int BodyBytes => _body.Length;

    /// <summary>Kept only while somebody uses it, and parsed again later. A benchmark records thousands of long prompts,
    /// and a parsed prompt takes four times the memory of its body.</summary>
    internal ParsedPrompt Prompt
    {
        get
        {
            if (!_prompt.TryGetTarget(out var prompt))
                _prompt.SetTarget(prompt = PromptParser.Parse(_body));
            return prompt;
        }
    }

    internal void FallSilent() => _silent.TrySetResult();

    internal void End(RequestEnd end) => _ended.TrySetResult(end);
}
