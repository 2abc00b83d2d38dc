using System.Data.Common;
using Microsoft.AspNetCore.WebUtilities;
using Relay.Storage;

namespace Relay.Http;

/// <summary>Gives every refused or failed request a body of application/problem+json. It never contains a stack trace.</summary>
internal sealed partial class ErrorResponses(RequestDelegate next, PeerCounts counts, ILogger<ErrorResponses> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = exception.StatusCode;
            context.Response.Headers.Connection = "close"; // Instead of reading the rest of what was not wanted.
            if (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
                counts.CountTooLarge();
        }
        catch (DbException exception) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, Database.Explain(exception));
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested)
        {
            LogFailed(context.Request.Method, context.Request.Path, exception);
            if (context.Response.HasStarted)
                context.Abort();
            else
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
        catch (OperationCanceledException)
        {
            return; // The client has gone.
        }
        var response = context.Response;
        if (!response.HasStarted && response.StatusCode >= 400 && response.ContentType is null && response.ContentLength is null)
            await Problem.WriteAsync(context, response.StatusCode, Detail(context));
    }

    private static string Detail(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => "there is nothing here",
        StatusCodes.Status405MethodNotAllowed => $"only {context.Response.Headers.Allow} is allowed here",
        StatusCodes.Status413PayloadTooLarge => "the request is too large (max_envelope_bytes)",
        StatusCodes.Status500InternalServerError => "the relay failed; its log says why",
        var status => ReasonPhrases.GetReasonPhrase(status),
    };

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailed(string method, string path, Exception exception);
}
