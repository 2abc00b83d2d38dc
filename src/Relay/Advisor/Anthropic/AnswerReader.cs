using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Relay.Advisor.Anthropic;

/// <summary>Reads the body of a good answer: the events of a stream, or one message in one piece. The SDK's own reader takes an event
/// without an "event:" line for nothing, and ends a reply whose usage is not told; both is paid for.</summary>
internal static class AnswerReader
{
    /// <summary>What some gateways end a stream with.</summary>
    private const string Done = "[DONE]";

    public static async Task ReadAsync(Stream body, bool isWhole, StreamedReply reply, CancellationToken cancellationToken)
    {
        if (isWhole)
        {
            using var whole = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
            reply.AddWhole(whole.RootElement);
            return;
        }
        await foreach (var streamed in SseParser.Create(body).EnumerateAsync(cancellationToken))
        {
            if (streamed.Data.Length == 0 || streamed.Data == Done)
                continue;
            using var data = JsonDocument.Parse(streamed.Data);
            reply.Add(data.RootElement);
        }
    }
}
