using System.Net;
using Anthropic.Exceptions;
using Relay.Conversations;
using Relay.Texts;

namespace Relay.Advisor.Anthropic;

/// <summary>Tells what an error of the API means for the message: ask again later, hold it until somebody removes the cause,
/// or shorten the context.</summary>
internal static class ApiFault
{
    public static AdvisorOutcome Classify(AnthropicServiceException fault, TimeSpan? retryAfter)
    {
        var status = fault is AnthropicApiException api ? (HttpStatusCode?)api.StatusCode : null;
        var message = fault.ApiMessage ?? "";
        var type = fault.Type?.Raw() ?? "";
        var reason = Describe(status, type, message);
        if (IsSpendLimit(fault.ErrorCode, message))
            return new AdvisorOutcome.Held(HoldCause.SpendLimit, reason);
        if (message.Contains("credit balance", StringComparison.OrdinalIgnoreCase))
            return new AdvisorOutcome.Held(HoldCause.Credit, reason);
        if (message.Contains("prompt is too long", StringComparison.OrdinalIgnoreCase) || status == HttpStatusCode.RequestEntityTooLarge)
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
                new AdvisorOutcome.Deferred(reason, retryAfter),
            ( >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError, _) or (null, "invalid_request_error") =>
                new AdvisorOutcome.Held(HoldCause.Request, reason),
            _ => new AdvisorOutcome.Deferred(reason, retryAfter),
        };
    }

    private static bool IsSpendLimit(string? code, string message) =>
        code is "enforced_spend_limit_reached" or "contract_spend_limit_reached" or "ramp_limit_exceeded"
        || message.Contains("API usage limits", StringComparison.OrdinalIgnoreCase);

    private static string Describe(HttpStatusCode? status, string type, string message)
    {
        var place = status is null ? "in the stream" : $"HTTP {(int)status}";
        return $"{place} {type}: {Excerpt.Of(message, 300)}".TrimEnd(' ', ':');
    }
}
