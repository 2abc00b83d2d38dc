namespace Relay.Loopback;

/// <summary>What the stand-in does with one request. Tests make one by the factory methods.</summary>
public abstract record ScriptedReply
{
    private const string LongText = "This answer is long enough to be split over a number of deltas before anything happens to it.";

    private ScriptedReply()
    {
    }

    public static ScriptedReply Text(string text, string stopReason = "end_turn", TokenUsage? usage = null) =>
        new Completion(text, stopReason) { Usage = usage };

    /// <summary>An answer with end_turn and without any content.</summary>
    public static ScriptedReply Empty() => new Completion("", "end_turn");

    public static ScriptedReply MaxTokens(string text) => new Completion(text, "max_tokens");

    /// <summary>The context window was full before the answer was complete. The status is 200.</summary>
    public static ScriptedReply ContextExceeded(string text = "As far as it") => new Completion(text, "model_context_window_exceeded");

    public static ScriptedReply Refusal(string explanation) => new Completion("", "refusal") { Explanation = explanation };

    /// <summary>Pings, then a thinking block that holds only a signature, then the text.</summary>
    public static ScriptedReply ThinkingThen(string text) => new Completion(text, "end_turn") { Thinking = true };

    /// <summary>The connection is cut after that many text deltas.</summary>
    public static ScriptedReply CutAfter(int deltas, string text = LongText) =>
        new Completion(text, "end_turn") { Break = new StreamBreak.Cut(deltas) };

    /// <summary>The stream stops after that many text deltas.
    /// After <see cref="LoopbackMessagesApi.ReleaseStalled"/> the rest is sent.</summary>
    public static ScriptedReply StallAfter(int deltas, string text = LongText) =>
        new Completion(text, "end_turn") { Break = new StreamBreak.Stall(deltas) };

    /// <summary>Nothing is sent, not even headers.
    /// After <see cref="LoopbackMessagesApi.ReleaseStalled"/> it is answered like <see cref="Text"/>.</summary>
    public static ScriptedReply StallBeforeHeaders(string text = LongText) => new Completion(text, "end_turn") { SilentFirst = true };

    /// <summary>An error event in the middle of the stream, after HTTP 200.
    /// A request that does not stream gets the status that belongs to the type.</summary>
    public static ScriptedReply ErrorEvent(string type, string message = "Overloaded", int afterDeltas = 1) =>
        new Completion(LongText, "end_turn") { Break = new StreamBreak.Error(afterDeltas, type, message) };

    /// <summary>Status 200, but the body is neither JSON nor an event stream.</summary>
    public static ScriptedReply Garbage(string body = "<html><body>It works!</body></html>") => new NotAnAnswer(body);

    /// <summary>An error status, with the error type and message that belong to it.</summary>
    public static ScriptedReply Status(int status, string? message = null, string? retryAfter = null, string? errorCode = null) =>
        new Failure(status, ApiError.TypeOf(status), message ?? ApiError.UsualMessage(status), errorCode, retryAfter);

    public static ScriptedReply RateLimited(string? retryAfter = null) => Status(429, retryAfter: retryAfter);

    /// <summary>The account's spend limit is reached: a 429 without Retry-After.</summary>
    public static ScriptedReply SpendLimitReached() =>
        Status(429, "You have reached your organization's spend limit.", errorCode: "enforced_spend_limit_reached");

    public static ScriptedReply LowCredit() => Status(400,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.");

    public static ScriptedReply UsageLimitReached() => Status(400,
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.");

    public static ScriptedReply PromptTooLong(int tokens = 1_034_561, int maximum = 1_000_000) =>
        Status(400, $"prompt is too long: {tokens} tokens > {maximum} maximum");

    internal sealed record Completion(string Body, string StopReason) : ScriptedReply
    {
        public TokenUsage? Usage { get; init; }

        public bool Thinking { get; init; }

        public bool SilentFirst { get; init; }

        public string? Explanation { get; init; }

        public StreamBreak? Break { get; init; }
    }

    internal sealed record Failure(int StatusCode, string Type, string Message, string? ErrorCode = null, string? RetryAfter = null)
        : ScriptedReply;

    internal sealed record NotAnAnswer(string Body) : ScriptedReply;
}

/// <summary>What happens to a stream after some text deltas.</summary>
internal abstract record StreamBreak(int Deltas)
{
    public sealed record Cut(int Deltas) : StreamBreak(Deltas);

    public sealed record Stall(int Deltas) : StreamBreak(Deltas);

    public sealed record Error(int Deltas, string Type, string Message) : StreamBreak(Deltas);
}
