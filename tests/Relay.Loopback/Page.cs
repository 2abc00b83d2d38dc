using System.Text.Json;

namespace Relay.Loopback;

/// <summary>One message that ntfy accepted. <paramref name="Event"/> is "message", "message_clear" or "message_delete".</summary>
/// <param name="SequenceId">On the phone a later page replaces the earlier one with the same value. If none is given, it is the id.</param>
/// <param name="Actions">The buttons; undefined when there are none.</param>
/// <param name="ArrivedTicks">In units of Stopwatch.Frequency; always real time.</param>
public sealed record Page(
    string Id, string Event, string Topic, string SequenceId, string Title, string Message, int Priority,
    IReadOnlyList<string> Tags, string? Click, JsonElement Actions, string? Authorization,
    DateTimeOffset ArrivedAt, long ArrivedTicks)
{
    /// <summary>The name of the file as which its text came.</summary>
    public string? File { get; init; }

    /// <summary>"base64" where it is no text.</summary>
    public string? Encoding { get; init; }
}

/// <summary>What goes wrong with one publish request.</summary>
public abstract record NtfyFault
{
    private NtfyFault()
    {
    }

    /// <summary>A status such as 500. With 429 there is usually a Retry-After in seconds.</summary>
    public static NtfyFault Status(int status, string? retryAfter = null) => new Refused(status, retryAfter);

    /// <summary>The day's messages are used up.</summary>
    public static NtfyFault DailyQuota() => new OverQuota();

    /// <summary>No answer comes until <see cref="LoopbackNtfy.ReleaseHung"/>; then the page is accepted.</summary>
    public static NtfyFault Hang() => new Hung(Then: null);

    /// <summary>The same, but then it is refused.</summary>
    public static NtfyFault HangThen(int status) => new Hung(status);

    /// <summary>The connection is aborted, and the page is lost.</summary>
    public static NtfyFault Cut() => new Aborted(Kept: false);

    /// <summary>The page is accepted, but the connection is aborted before the sender is told.</summary>
    public static NtfyFault CutAfterAccepting() => new Aborted(Kept: true);

    /// <summary>The answer of something that is no ntfy server: a proxy, a sign-in page, a redirect.</summary>
    public static NtfyFault Foreign(int status, string body, string? location = null) => new Answered(status, body, location);

    internal sealed record Answered(int StatusCode, string Body, string? Location) : NtfyFault;

    internal sealed record Refused(int StatusCode, string? RetryAfter) : NtfyFault;

    internal sealed record OverQuota : NtfyFault;

    internal sealed record Hung(int? Then) : NtfyFault;

    internal sealed record Aborted(bool Kept) : NtfyFault;
}
