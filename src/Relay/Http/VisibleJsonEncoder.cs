using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using Relay.Texts;

namespace Relay.Http;

/// <summary>JSON that people look at, too: only what JSON demands is escaped, and what cannot be seen or would change how the rest is
/// shown. Letters of any language stay as they are.</summary>
internal sealed unsafe class VisibleJsonEncoder : JavaScriptEncoder
{
    private static readonly JavaScriptEncoder Relaxed = UnsafeRelaxedJsonEscaping;

    public override int MaxOutputCharactersPerInputCharacter => Relaxed.MaxOutputCharactersPerInputCharacter;

    public override bool WillEncode(int unicodeScalar) =>
        Relaxed.WillEncode(unicodeScalar) || !Rune.TryCreate(unicodeScalar, out var rune) || Visible.IsHidden(rune);

    public override int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var span = new ReadOnlySpan<char>(text, textLength);
        for (var at = 0; at < span.Length;)
        {
            if (Rune.DecodeFromUtf16(span[at..], out var rune, out var length) != OperationStatus.Done || WillEncode(rune.Value))
                return at;
            at += length;
        }
        return -1;
    }

    public override bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        if (Relaxed.WillEncode(unicodeScalar) || !Rune.TryCreate(unicodeScalar, out var rune))
            return Relaxed.TryEncodeUnicodeScalar(unicodeScalar, buffer, bufferLength, out numberOfCharactersWritten);
        Span<char> pair = stackalloc char[2];
        var code = new StringBuilder();
        foreach (var half in pair[..rune.EncodeToUtf16(pair)])
            code.Append(Visible.Code(half));
        numberOfCharactersWritten = 0;
        if (code.Length > bufferLength)
            return false;
        code.CopyTo(0, new Span<char>(buffer, bufferLength), code.Length);
        numberOfCharactersWritten = code.Length;
        return true;
    }
}
