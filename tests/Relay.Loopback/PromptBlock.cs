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
/// <param name="Key">Identifies the content without its marker; a string and a single text block with the same text are the same content.</param>
/// <param name="Text">The text, or the raw JSON of a block that is not text.</param>
public sealed record PromptBlock(PromptSection Section, string Path, string Role, string Type, string Text, string Key, CacheLifetime? Marker)
{
    /// <summary>An estimate that is the same on every run: UTF-8 bytes / 4, rounded up.</summary>
    public int Tokens { get; } = TokenEstimate.Of(Text);
}

public sealed record CacheMarker(string Path, CacheLifetime Lifetime);

public sealed record AdvisorTurn(string Role, string Text)
{
    internal bool IsEmpty { get; init; }
}

internal static class TokenEstimate
{
    public static int Of(string text) => (System.Text.Encoding.UTF8.GetByteCount(text) + 3) / 4;
}
