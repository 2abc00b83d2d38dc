using System.Text;

namespace Relay.Texts;

/// <summary>The last place before a person's eyes: whatever is written, only line breaks, tabs and what can be seen comes through; the rest
/// is shown as its code.</summary>
internal sealed class VisibleWriter(TextWriter inner) : TextWriter
{
    /// <summary>The first half of a pair, whose second half comes with the next write.</summary>
    private char? _half;

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(Shown([value]));

    public override void Write(char[] buffer, int index, int count) => inner.Write(Shown(buffer.AsSpan(index, count)));

    public override void Write(ReadOnlySpan<char> buffer) => inner.Write(Shown(buffer));

    public override void Write(string? value) => inner.Write(Shown(value));

    public override void WriteLine(string? value) => inner.WriteLine(Shown(value));

    public override Task WriteAsync(char value) => inner.WriteAsync(Shown([value]));

    public override Task WriteAsync(string? value) => inner.WriteAsync(Shown(value));

    public override Task WriteLineAsync(string? value) => inner.WriteLineAsync(Shown(value));

    public override void Flush() => inner.Flush();

    public override Task FlushAsync() => inner.FlushAsync();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    private string Shown(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
            return "";
        var whole = _half is { } half ? $"{half}{text}" : text.ToString();
        _half = char.IsHighSurrogate(whole[^1]) ? whole[^1] : null;
        return Visible.Again(_half is null ? whole : whole[..^1]);
    }
}
