using System.Text;

namespace Relay.Texts;

/// <summary>Text that can be written as UTF-8. Half a surrogate pair, which JSON can bring, is no character in it.</summary>
internal static class WellFormed
{
    /// <summary>Each half that has lost its other one is a U+FFFD.</summary>
    public static string Of(string text) =>
        text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;
}
