using System.Security.Cryptography;
using System.Text;

namespace Relay.Loopback;

public enum CacheLifetime
{
    FiveMinutes,
    OneHour,
}

/// <summary>The sections of a prompt, in the order in which it is built and cached.</summary>
public enum PromptSection
{
    Tools,
    System,
    Messages,
}

/// <summary>One position of a prompt that can be cached.</summary>
/// <param name="Path">Its place in the JSON, such as "messages.3.content.0".</param>
/// <param name="Text">The text. For a block that is not text, its JSON without the marker.</param>
public sealed record PromptBlock(PromptSection Section, string Path, string Role, string Type, string Text, CacheLifetime? Marker)
{
    /// <summary>An estimate: UTF-8 bytes / 4, rounded up.</summary>
    public int Tokens { get; } = TokenEstimate.Of(Text);

    /// <summary>Hashes the content. It makes no difference whether the block has a marker,
    /// and whether a text was sent as a string or as a block.</summary>
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
