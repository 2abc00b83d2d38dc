using System.Text.Json;
using Relay.Configuration;
using Relay.Http;
using Relay.Texts;

namespace Relay.Agents.Hooks;

/// <summary>Reads the event that a hook posts. Of an event of any size no more is kept than a message may have. Half a surrogate
/// pair, as a tool may print it, is a U+FFFD: refused, the event would be lost, and its session could do nothing about it.</summary>
internal sealed class HookBody(SettingsSource settings)
{
    public static readonly JsonSerializerOptions EventJson = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly HashSet<string> Wanted =
        [.. typeof(HookEvent).GetProperties().Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name))];

    /// <summary>What the operator must have seen before anything is allowed.</summary>
    private static readonly string[] Shown = ["tool_input", "permission_suggestions"];

    /// <summary>Of what a tool has answered only the line is of use that says that a call has gone to the background.</summary>
    private const int LongestToolResponse = 4_096;

    /// <summary>Null when it is none. 413 is answered already when it is too large.</summary>
    /// <exception cref="BadHttpRequestException">More is wanted of it than may be kept.</exception>
    public async Task<HookEvent?> ReadAsync(HttpContext context)
    {
        var longest = RequestBounds.LongestMessage(settings.Current.Config.MaxEnvelopeBytes);
        var filter = new FieldFilter(Wanted, Optional(longest), longest);
        var body = context.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(context.RequestAborted);
            foreach (var piece in read.Buffer)
                filter.Add(piece.Span);
            body.AdvanceTo(read.Buffer.End);
            if (filter.IsTooLarge)
                throw new BadHttpRequestException(
                    $"what is used of this event has more than {longest} bytes", StatusCodes.Status413PayloadTooLarge);
            if (read.IsCompleted)
                break;
        }
        return Parse(filter) is { } hook ? hook with { IsInputTooLarge = filter.Cut.Overlaps(Shown) } : null;
    }

    private static Dictionary<string, int> Optional(int longest) => new()
    {
        [Shown[0]] = longest,
        [Shown[1]] = longest,
        ["prompt"] = longest,
        ["tool_response"] = LongestToolResponse,
    };

    private static HookEvent? Parse(FieldFilter filter)
    {
        if (filter.Object is not { } kept)
            return null;
        try
        {
            return JsonSerializer.Deserialize<HookEvent>(JsonText.Mended(kept), EventJson);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
