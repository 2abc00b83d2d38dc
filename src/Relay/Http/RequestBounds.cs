using Microsoft.AspNetCore.Http.Features;
using Relay.Configuration;

namespace Relay.Http;

/// <summary>Bounds what a request may ask of the relay, once the guard has let it through: (1) its body, by what is expected at its path,
/// (2) how many are open at a time, see <see cref="OpenRequests"/>.</summary>
internal sealed class RequestBounds(RequestDelegate next, SettingsSource settings, PeerCounts counts, OpenRequests open)
{
    /// <summary>A hook event: its fields that nobody uses are skipped while it is read, but somebody has to send them.</summary>
    public const long LongestEvent = 128 * 1024 * 1024;

    /// <summary>What a body may have besides the message.</summary>
    public const int RoomForOtherFields = 4096;

    private const int LongestOther = 64 * 1024;

    /// <summary>A client may write each character that is not ASCII as an escape of six.</summary>
    private const int LargestEscape = 3;

    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(5);

    /// <summary>How many bytes a message may have as a client writes it, with what is around it.</summary>
    public static int LongestMessage(int longestEnvelope) => LargestEscape * longestEnvelope + LongestOther;

    /// <summary>How many bytes the body of a request may have. A slash at its end and capitals make no other path.</summary>
    public static long LongestBody(PathString path, int longestEnvelope) => path.Value?.TrimEnd('/').ToLowerInvariant() switch
    {
        "/ask" or "/answers" or "/words" => longestEnvelope + RoomForOtherFields,
        "/answer" or "/say" or "/ask-back" => LongestMessage(longestEnvelope), // Forms, which may write a byte as three.
        "/mcp" => LongestMessage(longestEnvelope),
        "/hooks/claude-code" => LongestEvent,
        "/healthz" or "/status" => 0,
        _ => LongestOther,
    };

    public async Task InvokeAsync(HttpContext context)
    {
        var longest = LongestBody(context.Request.Path, settings.Current.Config.MaxEnvelopeBytes); // (1)
        if (IsTooLong(context, longest))
        {
            counts.CountTooLarge();
            context.Response.Headers.Connection = "close"; // Instead of reading what was not wanted.
            await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, TooLarge(longest));
            return;
        }
        if (open.Refusal(context) is { } refusal) // (2)
        {
            counts.CountTooMany();
            await Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, refusal, SoonEnough);
            return;
        }
        try
        {
            await next(context);
        }
        finally
        {
            open.Leave(context);
        }
    }

    /// <summary>Else the server ends the reading where it becomes too long.</summary>
    private static bool IsTooLong(HttpContext context, long longest)
    {
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = longest;
        return context.Request.ContentLength > longest
            || (longest == 0 && context.Request.ContentLength is null
                && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true });
    }

    private static string TooLarge(long longest) => longest == 0
        ? "no body is expected here"
        : FormattableString.Invariant($"the request is too large: at most {longest} bytes (max_envelope_bytes)");
}
