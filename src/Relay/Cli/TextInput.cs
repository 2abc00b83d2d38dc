using System.Text;

namespace Relay.Cli;

/// <summary>The text that a command sends: its argument, or standard input if the argument is '-' or missing.</summary>
internal static class TextInput
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="CommandFailure">The text is blank, is not UTF-8, or has more bytes than the limit.</exception>
    public static Task<string> ReadAsync(CommandContext context, string[]? words, int limit, CancellationToken cancellationToken) =>
        ReadAsync(context, words is { Length: > 0 } ? string.Join(' ', words) : null, limit, cancellationToken);

    /// <inheritdoc cref="ReadAsync(CommandContext, string[], int, CancellationToken)"/>
    public static async Task<string> ReadAsync(CommandContext context, string? argument, int limit, CancellationToken cancellationToken)
    {
        var text = argument is null or "-" ? await FromInputAsync(context, limit, cancellationToken) : argument;
        if (string.IsNullOrWhiteSpace(text))
            throw new CommandFailure(ExitCode.Usage, "the text is empty");
        if (Encoding.UTF8.GetByteCount(text) > limit)
            throw TooLong(limit);
        return text;
    }

    /// <summary>Leaves out one line break at the end, which shells add.</summary>
    public static async Task<string> FromInputAsync(CommandContext context, int limit, CancellationToken cancellationToken)
    {
        if (!context.IsInputRedirected)
            await context.Error.WriteLineAsync("reading the text from the keyboard, Ctrl-D ends it");
        var bytes = await BytesAsync(context.Input, limit, cancellationToken);
        var start = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        try
        {
            var text = StrictUtf8.GetString(bytes.AsSpan(start));
            if (!text.EndsWith('\n'))
                return text;
            return text[..^(text.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)];
        }
        catch (DecoderFallbackException exception)
        {
            var at = start + exception.Index + 1;
            throw new CommandFailure(ExitCode.Failed, $"standard input is not valid UTF-8, at its byte {at}");
        }
    }

    /// <summary>Null when it is not UTF-8.</summary>
    public static string? Decode(byte[] bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>Never keeps much more than the limit in memory.</summary>
    private static async Task<byte[]> BytesAsync(Stream input, int limit, CancellationToken cancellationToken)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await input.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            kept.Write(buffer, 0, count);
            if (kept.Length > limit + 8L) // A byte order mark and a line break at the end do not count.
                throw TooLong(limit);
        }
        return kept.ToArray();
    }

    private static CommandFailure TooLong(int limit) =>
        new(ExitCode.Failed, $"the text is over the limit of {limit} bytes (max_envelope_bytes)");
}
