using System.Text.Json;

namespace Relay.Loopback;

/// <summary>One message as ntfy accepted it. <paramref name="Event"/> is "message", "message_clear" or "message_delete".</summary>
/// <param name="SequenceId">The id of the first message when none was given; a later page with the same one replaces it on the phone.</param>
/// <param name="Actions">The buttons as sent; undefined when there are none.</param>
/// <param name="ArrivedTicks">In units of Stopwatch.Frequency, always real time.</param>
public sealed record Page(
    string Id, string Event, string Topic, string SequenceId, string Title, string Message, int Priority,
    IReadOnlyList<string> Tags, string? Click, JsonElement Actions, string? Authorization,
    DateTimeOffset ArrivedAt, long ArrivedTicks);

/// <summary>What goes wrong with one publish.</summary>
public abstract record NtfyFault
{
    private NtfyFault()
    {
    }

    /// <summary>A status such as 500; with 429 usually a Retry-After in seconds.</summary>
    public static NtfyFault Status(int status, string? retryAfter = null) => new Refused(status, retryAfter);

    /// <summary>No answer until <see cref="LoopbackNtfy.ReleaseHung"/>; then the page is accepted.</summary>
    public static NtfyFault Hang() => new Hung();

    /// <summary>The connection is aborted and nothing is kept.</summary>
    public static NtfyFault Cut() => new Aborted(Kept: false);

    /// <summary>The page is kept but the sender never learns of it.</summary>
    public static NtfyFault CutAfterAccepting() => new Aborted(Kept: true);

    internal sealed record Refused(int StatusCode, string? RetryAfter) : NtfyFault;

    internal sealed record Hung : NtfyFault;

    internal sealed record Aborted(bool Kept) : NtfyFault;
}
