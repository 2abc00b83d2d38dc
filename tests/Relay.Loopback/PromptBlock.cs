using System.Security.Cryptography;
using System.Text;

namespace Relay.Loopback;

public enum CacheLifetime
{
    FiveMinutes,
    OneHour,
}

/// <summary>Sections in the order the prompt is built, and cached, in.</summary>
public enum PromptSection
{
    Tools,
    System,
    Messages,
}

/// <summary>One cacheable position of a prompt. <paramref name="Path"/> is where it stands in the JSON, e.g. "messages.3.content.0".</summary>
/// <param name="Text">The text, or of a block that is not text its JSON without the marker.</param>
public sealed record PromptBlock(PromptSection Section, string Path, string Role, string Type, string Text, CacheLifetime? Marker)
{
    /// <summary>An estimate that is the same on every run: UTF-8 bytes / 4, rounded up.</summary>
    public int Tokens { get; } = TokenEstimate.Of(Text);

    /// <summary>Everything that makes the content what it is: not the marker, and not whether a text came as a string or as a block.</summary>
    internal void AppendTo(IncrementalHash hash)
    {
        hash.AppendData(Encoding.UTF8.GetBytes($"\n{Section}/{Role}/{Type}:"));
        hash.AppendData(Encoding.UTF8.GetBytes(Text));
    }
}

public sealed record CacheMarker(string Path, CacheLifetime Lifetime);

public sealed record AdvisorTurn(string Role, string Text)
{
    internal bool IsEmpty { get; init; }
}

internal static class TokenEstimate
{
    public static int Of(string text) => (Encoding.UTF8.GetByteCount(text) + 3) / 4;
}
