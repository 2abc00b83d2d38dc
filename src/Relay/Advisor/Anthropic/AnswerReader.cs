using System.Net.ServerSentEvents;
using System.Text.Json;
using Relay.Texts;

namespace Relay.Advisor.Anthropic;

/// <summary>Reads the body of a good answer: the events of a stream, or one message in one piece. The SDK's own reader takes an event
/// without an "event:" line for nothing, and ends a reply whose usage is not told; both is paid for. Once an answer is complete, nothing
/// that comes after it, or does not come, can take it away.</summary>
/// <param name="grace">How long what should follow a stop reason is waited for.</param>
/// <param name="clock">Measures it.</param>
internal sealed class AnswerReader(TimeSpan grace, TimeProvider clock)
{
    /// <summary>What some gateways end a stream with.</summary>
    private const string Done = "[DONE]";

    private const int Piece = 16 * 1024;

    /// <summary>Some gateways send a whole reply as one event.</summary>
    private const int LongestLine = 4 * 1024 * 1024;

    public async Task ReadAsync(Stream body, bool isWhole, StreamedReply reply, CancellationToken cancellationToken)
    {
        if (isWhole)
        {
            using var whole = await ReadWholeAsync(body, cancellationToken);
            reply.AddWhole(whole.RootElement);
            return;
        }
        using var rest = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(rest.Token, cancellationToken);
        try
        {
            await ReadEventsAsync(body, reply, rest, either.Token);
        }
        catch (Exception) when (reply.IsComplete)
        {
            // All types: a cut, a silence, an error, an event nobody can read. The answer is there, and asking again would be paid again.
        }
    }

    private async Task ReadEventsAsync(Stream body, StreamedReply reply, CancellationTokenSource rest, CancellationToken cancellationToken)
    {
        var isAwaited = false;
        await using var lines = new LinedStream(body, LongestLine);
        await foreach (var streamed in SseParser.Create(lines).EnumerateAsync(cancellationToken))
        {
            if (streamed.Data.Length == 0 || streamed.Data == Done)
                continue;
            reply.HasSpoken = true;
            using var data = JsonDocument.Parse(streamed.Data);
            reply.Add(data.RootElement);
            if (reply.HasEnded)
                return;
            if (!reply.IsComplete || isAwaited)
                continue;
            isAwaited = true;
            rest.CancelAfter(grace);
        }
    }

    /// <summary>Up to its last brace, whatever the connection does after it.</summary>
    private static async Task<JsonDocument> ReadWholeAsync(Stream body, CancellationToken cancellationToken)
    {
        using var whole = new MemoryStream();
        var piece = new byte[Piece];
        var end = new ObjectEnd();
        while (await body.ReadAsync(piece, cancellationToken) is > 0 and var length)
        {
            whole.Write(piece, 0, length);
            if (end.IsIn(piece.AsSpan(0, length)))
                break;
        }
        return JsonDocument.Parse(JsonText.Mended(whole.ToArray()));
    }
}
