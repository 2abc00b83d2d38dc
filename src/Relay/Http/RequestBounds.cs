using Microsoft.AspNetCore.Http.Features;
using Relay.Configuration;

namespace Relay.Http;

/// <summary>Bounds what a request may ask of the relay, once the guard has let it through: (1) its body, by what is expected at its path,
/// (2) how many requests of one session are open at a time, since most of them wait for something.</summary>
internal sealed class RequestBounds(RequestDelegate next, SettingsSource settings, PeerCounts counts)
{
    /// <summary>A hook event: its fields that nobody uses are skipped while it is read, but somebody has to send them.</summary>
    public const long LongestEvent = 128 * 1024 * 1024;

    /// <summary>What a body may have besides the message.</summary>
    public const int RoomForOtherFields = 4096;

    public const int MostOfOneSession = 64;

    private const int LongestOther = 64 * 1024;

    /// <summary>A client may write each character that is not ASCII as an escape of six.</summary>
    private const int LargestEscape = 3;

    private static readonly TimeSpan SoonEnough = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = [];

    /// <summary>How many bytes a message may have as a client writes it, with what is around it.</summary>
    public static int LongestMessage(int longestEnvelope) => LargestEscape * longestEnvelope + LongestOther;

    /// <summary>How many bytes the body of a request may have.</summary>
    public static long LongestBody(PathString path, int longestEnvelope) => path.Value switch
    {
        "/ask" or "/answers" => longestEnvelope + RoomForOtherFields,
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
        if (SessionOf(context.Request) is not { } session)
        {
            await next(context);
            return;
        }
        if (!Enter(session)) // (2)
        {
            counts.CountTooMany();
            await Problem.WriteAsync(
                context, StatusCodes.Status429TooManyRequests, $"{MostOfOneSession} requests of this session are open already", SoonEnough);
            return;
        }
        try
        {
            await next(context);
        }
        finally
        {
            Leave(session);
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

    /// <summary>As the request names it; null where it names none, as those of the command line.</summary>
    private static string? SessionOf(HttpRequest request)
    {
        if (request.Headers["X-Relay-Session"].ToString() is { Length: > 0 and <= 200 } name)
            return name;
        return request.Path.Value?.Split('/') is ["", "agents" or "sessions", { Length: > 0 } segment, ..] ? segment : null;
    }

    private bool Enter(string session)
    {
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(session);
            if (open >= MostOfOneSession)
                return false;
            _open[session] = open + 1;
            return true;
        }
    }

    private void Leave(string session)
    {
        lock (_lock)
            if (--_open[session] == 0)
                _open.Remove(session);
    }
}
