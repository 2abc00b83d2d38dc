using System.Text;

namespace Relay.Cli;

/// <summary>The text a command is about: its argument, or standard input for '-' and for none.</summary>
internal static class TextInput
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="CommandFailure">It is blank, no text, or longer than the limit in bytes.</exception>
    public static async Task<string> ReadAsync(CommandContext context, string? argument, int limit, CancellationToken cancellationToken)
    {
        var text = argument is null or "-" ? await FromInputAsync(context, limit, cancellationToken) : argument;
        if (string.IsNullOrWhiteSpace(text))
            throw new CommandFailure(ExitCode.Usage, "the text is empty");
        if (Encoding.UTF8.GetByteCount(text) > limit)
            throw TooLong(limit);
        return text;
    }

    /// <summary>Without the last line's end, which is the shell's and not the speaker's.</summary>
    public static async Task<string> FromInputAsync(CommandContext context, int limit, CancellationToken cancellationToken)
    {
        if (!context.IsInputRedirected)
            await context.Error.WriteLineAsync("reading the text from the keyboard, Ctrl-D ends it");
        var bytes = await BytesAsync(context.Input, limit, cancellationToken);
        try
        {
            var text = StrictUtf8.GetString(bytes.AsSpan(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0));
            if (!text.EndsWith('\n'))
                return text;
            return text[..^(text.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)];
        }
        catch (DecoderFallbackException)
        {
            throw new CommandFailure(ExitCode.Failed, "standard input is not valid UTF-8");
        }
    }

    /// <summary>Never more than the limit is kept.</summary>
    private static async Task<byte[]> BytesAsync(Stream input, int limit, CancellationToken cancellationToken)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await input.ReadAsync(buffer, cancellationToken) is var count and > 0)
        {
            kept.Write(buffer, 0, count);
            if (kept.Length > limit + 8L) // The mark in front and the last line's end do not count.
                throw TooLong(limit);
        }
        return kept.ToArray();
    }

    private static CommandFailure TooLong(int limit) => new(ExitCode.Failed, $"the text is over the limit of {limit} bytes (max_envelope_bytes)");
}
