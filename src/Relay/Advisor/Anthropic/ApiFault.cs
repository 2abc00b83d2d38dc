using System.Net;
using System.Text.RegularExpressions;
using Anthropic.Exceptions;
using Relay.Conversations;
using Relay.Texts;

namespace Relay.Advisor.Anthropic;

/// <summary>Tells what an error of the API means for the message: ask again later, hold it until somebody removes the cause,
/// or shorten the context. What is not in the API's words came from something in between, and is named as that.</summary>
internal static partial class ApiFault
{
    public static AdvisorOutcome Classify(AnthropicServiceException fault, CallTrace.Trace trace)
    {
        var api = fault as AnthropicApiException;
        var status = api is null ? (HttpStatusCode?)null : api.StatusCode;
        var message = fault.ApiMessage ?? "";
        if (status is { } code && message.Length == 0)
            return ClassifyForeign(code, new ForeignAnswer(api!.ResponseBody ?? "", trace), trace.RetryAfter);
        var type = fault.Type?.Raw() ?? "";
        var reason = Describe(status, type, message);
        if (IsSpendLimit(fault.ErrorCode, message))
            return new AdvisorOutcome.Held(HoldCause.SpendLimit, reason);
        if (message.Contains("credit balance", StringComparison.OrdinalIgnoreCase))
            return new AdvisorOutcome.Held(HoldCause.Credit, reason);
        if (TooLong().IsMatch(message) || status == HttpStatusCode.RequestEntityTooLarge)
            return new AdvisorOutcome.ContextExceeded(reason);
        return (status, type) switch
        {
            (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden, _) or (null, "authentication_error" or "permission_error") =>
                new AdvisorOutcome.Held(HoldCause.Credentials, reason),
            (HttpStatusCode.PaymentRequired, _) or (null, "billing_error") =>
                new AdvisorOutcome.Held(HoldCause.Credit, reason),
            (HttpStatusCode.NotFound, _) or (null, "not_found_error") =>
                new AdvisorOutcome.Held(HoldCause.Model, reason),
            (HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests, _) =>
                new AdvisorOutcome.Deferred(reason, trace.RetryAfter),
            ( >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError, _) or (null, "invalid_request_error") =>
                new AdvisorOutcome.Held(HoldCause.Request, reason),
            _ => new AdvisorOutcome.Deferred(reason, trace.RetryAfter),
        };
    }

    /// <summary>An error without the API's words. Only its status can be believed, and that only where any server means the same
    /// by it.</summary>
    private static AdvisorOutcome ClassifyForeign(HttpStatusCode status, ForeignAnswer answer, TimeSpan? retryAfter)
    {
        var reason = answer.Describe(status);
        return status switch
        {
            HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests =>
                new AdvisorOutcome.Deferred(reason, retryAfter),
            HttpStatusCode.RequestEntityTooLarge => new AdvisorOutcome.ContextExceeded(reason),
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity when !answer.IsPage && TooLong().IsMatch(answer.Body) =>
                new AdvisorOutcome.ContextExceeded(reason),
            HttpStatusCode.Unauthorized when !answer.IsPage => new AdvisorOutcome.Held(HoldCause.Credentials, reason),
            HttpStatusCode.PaymentRequired when !answer.IsPage => new AdvisorOutcome.Held(HoldCause.Credit, reason),
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity when !answer.IsPage =>
                new AdvisorOutcome.Held(HoldCause.Request, reason),
            < HttpStatusCode.InternalServerError => new AdvisorOutcome.Held(HoldCause.Gateway, reason),
            _ => new AdvisorOutcome.Deferred(reason, retryAfter),
        };
    }

    private static bool IsSpendLimit(string? code, string message) =>
        code is "enforced_spend_limit_reached" or "contract_spend_limit_reached" or "ramp_limit_exceeded"
        || message.Contains("API usage limits", StringComparison.OrdinalIgnoreCase);

    /// <summary>In the words of the API, of the clouds that serve its models, and of gateways.</summary>
    [GeneratedRegex(
        @"\b(prompt|input) is too long|\bexceeds? (the )?(model's )?(maximum )?context (limit|length|window)|\bmaximum context length"
        + @"|\binput token count\b.{0,40}\bexceeds\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex TooLong();

    private static string Describe(HttpStatusCode? status, string type, string message)
    {
        var place = status is null ? "in the stream" : $"HTTP {(int)status}";
        return $"{place} {type}: {Excerpt.Of(message, 300)}".TrimEnd(' ', ':');
    }
}
