using System.Text;
using System.Text.Json;

namespace Relay.Loopback;

public enum RequestEnd
{
    Answered,
    ClientLeft,
    CutByServer,
}

/// <summary>One request as it arrived, with what was answered filled in as the answer goes out. Thread-safe.</summary>
public sealed class AdvisorRequest
{
    private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<RequestEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _body;
    private readonly WeakReference<ParsedPrompt?> _prompt = new(null);
    private volatile TokenUsage? _usage;
    private volatile int _status;
    private long _answeredUtcTicks;

    internal AdvisorRequest(int number, string path, IReadOnlyDictionary<string, string> headers, byte[] body, DateTimeOffset arrivedAt, long arrivedTicks)
    {
        (Number, Path, Headers, _body, ArrivedAt, ArrivedTicks) = (number, path, headers, body, arrivedAt, arrivedTicks);
        _answeredUtcTicks = arrivedAt.UtcTicks;
    }

    /// <summary>A request that was never sent, to bill what would have been.</summary>
    public static AdvisorRequest FromBody(string body, DateTimeOffset arrivedAt) =>
        new(number: 0, "/v1/messages", new Dictionary<string, string>(), Encoding.UTF8.GetBytes(body), arrivedAt, arrivedTicks: 0);

    /// <summary>1 for the first request of its path.</summary>
    public int Number { get; }

    public string Path { get; }

    /// <summary>Header names are compared without case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    public string Body => Encoding.UTF8.GetString(_body);

    /// <summary>On the clock the stand-in was started with.</summary>
    public DateTimeOffset ArrivedAt { get; }

    /// <summary>In units of <see cref="System.Diagnostics.Stopwatch.Frequency"/>, always real time.</summary>
    public long ArrivedTicks { get; }

    /// <summary>When the first byte of the answer went out; until then the time of arrival.</summary>
    public DateTimeOffset AnsweredAt
    {
        get => new(Interlocked.Read(ref _answeredUtcTicks), TimeSpan.Zero);
        internal set => Interlocked.Exchange(ref _answeredUtcTicks, value.UtcTicks);
    }

    public string Model => Prompt.Model;

    public bool IsStreaming => Prompt.Stream;

    public int? MaxTokens => Prompt.MaxTokens;

    /// <summary>All system text, blocks joined by line feeds.</summary>
    public string System => string.Join('\n', Blocks.Where(block => block.Section == PromptSection.System).Select(block => block.Text));

    /// <summary>One entry a message as sent; the text blocks of a message joined by line feeds.</summary>
    public IReadOnlyList<AdvisorTurn> Messages => Prompt.Turns;

    /// <summary>Explicit markers in prompt order; the automatic one of the top level is <see cref="AutomaticCache"/>.</summary>
    public IReadOnlyList<CacheMarker> Markers =>
        [.. Blocks.Where(block => block.Marker is not null).Select(block => new CacheMarker(block.Path, block.Marker!.Value))];

    public CacheLifetime? AutomaticCache => Prompt.AutomaticCache;

    public IReadOnlyList<PromptBlock> Blocks => Prompt.Blocks;

    public string LastUserText => Messages.LastOrDefault(turn => turn.Role == "user")?.Text ?? "";

    /// <summary>System and all messages, joined by line feeds.</summary>
    public string AllText => string.Join('\n', Messages.Select(turn => turn.Text).Prepend(System));

    /// <summary>The whole body; undefined when it was not JSON.</summary>
    public JsonElement Json => Prompt.Root;

    /// <summary>What this request was billed; null while unanswered and when refused.</summary>
    public TokenUsage? Usage
    {
        get => _usage;
        internal set => _usage = value;
    }

    /// <summary>The HTTP status sent; 0 while none was.</summary>
    public int Status
    {
        get => _status;
        internal set => _status = value;
    }

    /// <summary>Completes when a scripted stall has begun: nothing more comes until it is released.</summary>
    public Task Silent => _silent.Task;

    public Task<RequestEnd> Ended => _ended.Task;

    internal int BodyBytes => _body.Length;

    /// <summary>Parsed again when it is asked for later: a benchmark records thousands of long prompts, and they are four times their body.</summary>
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
