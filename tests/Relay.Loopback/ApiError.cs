using System.Globalization;
using System.Text.Json.Nodes;

namespace Relay.Loopback;

/// <summary>The error statuses of the Messages API, their types, and the body of an error.</summary>
internal static class ApiError
{
    public static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    public static int StatusOf(string type) => type switch
    {
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        "invalid_request_error" => 400,
        _ => 500,
    };

    public static string UsualMessage(int status) => status switch
    {
        401 => "invalid x-api-key",
        402 => "There is an issue with your billing or payment information.",
        403 => "Your API key does not have permission to use the specified resource.",
        404 => "The requested resource could not be found.",
        429 => "This request would exceed the rate limit for your organization.",
        504 => "The request timed out while processing.",
        529 => "Overloaded",
        >= 500 => "Internal server error",
        _ => "Invalid request",
    };

    public static string RequestId(int number) => string.Create(CultureInfo.InvariantCulture, $"req_011C{number:D20}");

    public static JsonObject Body(string type, string message, string? errorCode, string requestId)
    {
        var error = new JsonObject { ["type"] = type, ["message"] = message };
        if (errorCode is not null)
            error["details"] = new JsonObject { ["error_code"] = errorCode };
        return new JsonObject { ["type"] = "error", ["error"] = error, ["request_id"] = requestId };
    }
}
