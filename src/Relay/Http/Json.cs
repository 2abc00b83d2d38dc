using System.Text.Json;
using System.Text.Json.Serialization;

namespace Relay.Http;

/// <summary>The format of the JSON that the relay writes for other programs.</summary>
internal static class Json
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
        Encoder = new VisibleJsonEncoder(),
    };

    public static Task WriteAsync<T>(HttpContext context, int status, T value)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(value, Options, context.RequestAborted);
    }
}
