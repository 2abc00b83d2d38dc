using System.Text.Json;
using Relay.Configuration;
using Relay.Http;
using Relay.Texts;

namespace Relay.Agents.Hooks;

/// <summary>Reads the event that a hook posts. Of an event of any size no more is kept than a message may have.</summary>
internal sealed class HookBody(SettingsSource settings)
{
    public static readonly JsonSerializerOptions EventJson = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly HashSet<string> Wanted =
        [.. typeof(HookEvent).GetProperties().Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name))];

    private static readonly object NoText = new();

    /// <summary>Whether a string of what was read holds a lone surrogate.</summary>
    public static bool IsNoText(HttpContext context) => context.Items.ContainsKey(NoText);

    /// <summary>Null when it is none. 413 is answered already when it is too large.</summary>
    /// <exception cref="BadHttpRequestException">More is wanted of it than may be kept.</exception>
    public async Task<HookEvent?> ReadAsync(HttpContext context)
    {
        var longest = RequestBounds.LongestMessage(settings.Current.Config.MaxEnvelopeBytes);
        var filter = new FieldFilter(Wanted, "tool_input", longest);
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
        return Parse(context, filter) is { } hook ? hook with { IsInputTooLarge = filter.IsCut } : null;
    }

    private static HookEvent? Parse(HttpContext context, FieldFilter filter)
    {
        if (filter.Object is not { } kept)
            return null;
        try
        {
            var hook = JsonSerializer.Deserialize<HookEvent>(kept, EventJson);
            if (hook?.ToolInput is { } input)
                PermissionText.Of(hook.ToolName ?? "", "", input); // Throws on invalid text, better here than in the middle of a question.
            return hook;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            if (JsonFault.IsNoText(exception))
                context.Items[NoText] = true;
            return null;
        }
    }
}
