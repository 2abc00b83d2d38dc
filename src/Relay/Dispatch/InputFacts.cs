using System.Text.Json;
using Relay.Files;
using Relay.Http;

namespace Relay.Dispatch;

/// <summary>What input.json says of the input.txt beside it.</summary>
/// <param name="Id">The reply's.</param>
/// <param name="InReplyTo">The session's message that it answers; null for words that the session did not ask for.</param>
/// <param name="SessionId">Whose folder it is.</param>
/// <param name="From">Whose words these are: advisor, operator NAME, or relay.</param>
/// <param name="At">When they were written.</param>
internal sealed record InputFacts(string Id, string? InReplyTo, string SessionId, string From, DateTimeOffset At)
{
    public static InputFacts Of(OutboundReply reply, string from) =>
        new(reply.Id, reply.Message?.Value, reply.Session.Value, from, reply.CreatedAt);

    /// <summary>Null where there is no such file, or none that says it.</summary>
    public static string? IdIn(string file)
    {
        try
        {
            return BoundedFile.ReadState(file).Found is { } bytes ? JsonSerializer.Deserialize<InputFacts>(bytes, Json.Options)?.Id : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] ToJson() => [.. JsonSerializer.SerializeToUtf8Bytes(this, Json.Options), (byte)'\n'];
}
