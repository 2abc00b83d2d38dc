using System.Text.Json;
using System.Text.Json.Nodes;
using Relay.Texts;

namespace Relay.Agents.Tools;

/// <summary>What JSON-RPC or MCP does not allow in a message, found before the SDK takes it apart: that says of such a one only that an
/// error occurred, or nothing.</summary>
/// <param name="Reason">In words.</param>
/// <param name="Answer">What is answered; null to a notification, which has no answer.</param>
internal sealed record McpFault(string Reason, JsonObject? Answer)
{
    private const int NotJson = -32700, NoRequest = -32600, BadParams = -32602; // JSON-RPC

    /// <summary>It is a message of the protocol, and what it asks with is wrong.</summary>
    public bool IsOfParams { get; private init; }

    /// <summary>Null where nothing is wrong.</summary>
    public static McpFault? Of(byte[] json)
    {
        try
        {
            using var parsed = JsonDocument.Parse(JsonText.Mended([.. json]));
            return parsed.RootElement.ValueKind == JsonValueKind.Object
                ? OfMessage(parsed.RootElement, JsonText.Fault(json))
                : None(null, NoRequest, "Invalid request: an object is expected");
        }
        catch (JsonException)
        {
            return None(null, NotJson, $"Parse error: {JsonFault.Of(json, "the message") ?? "it is nested too deeply"}");
        }
    }

    /// <summary>Of a request, or of the answer to one; null where there is none.</summary>
    public static JsonElement? IdOf(JsonElement message, string name = "id") =>
        message.TryGetProperty(name, out var id) && (id.ValueKind == JsonValueKind.String || IsInteger(id)) ? id : null;

    private static bool IsInteger(JsonElement id) => id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out _);

    private static McpFault? OfMessage(JsonElement message, string? noText)
    {
        var id = IdOf(message);
        var hasMethod = message.TryGetProperty("method", out var method);
        if (!hasMethod && id is not null && (message.TryGetProperty("result", out _) || message.TryGetProperty("error", out _)))
            return null; // An answer, which gets none.
        if (!message.TryGetProperty("jsonrpc", out var version) || StringOf(version) != "2.0")
            return None(id, NoRequest, "Invalid request: \"jsonrpc\" must be \"2.0\"");
        if (!hasMethod || StringOf(method) is not { } name)
            return None(id, NoRequest, $"Invalid request: \"method\" {(hasMethod ? "must be a string" : "is missing")}");
        if (id is null && message.TryGetProperty("id", out _))
            return None(null, NoRequest, "Invalid request: \"id\" must be a string or an integer");
        if (noText is not null && name == "tools/call" && id is not null)
            return new McpFault(noText, Refusal(id.Value, noText)) { IsOfParams = true };
        return (noText ?? OfParams(message, name)) is { } reason
            ? new McpFault(reason, id is null ? null : Error(id, BadParams, reason)) { IsOfParams = true }
            : null;
    }

    private static string? OfParams(JsonElement message, string method)
    {
        if (!message.TryGetProperty("params", out var given) || given.ValueKind == JsonValueKind.Null)
            return method == "tools/call" ? "\"params\" is missing" : null;
        if (given.ValueKind != JsonValueKind.Object)
            return "\"params\" must be an object";
        if (OfObject(given, "_meta") is { } ofMeta)
            return ofMeta;
        if (method != "tools/call")
            return null;
        return !given.TryGetProperty("name", out var name) ? "\"name\" of the tool is missing"
            : StringOf(name) is null ? "\"name\" of the tool must be a string"
            : OfObject(given, "arguments");
    }

    private static string? OfObject(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null)
            ? $"\"{name}\" must be an object"
            : null;

    private static string? StringOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>For the model, which can send it again.</summary>
    private static JsonObject Refusal(JsonElement id, string reason) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = JsonNode.Parse(id.GetRawText()),
        ["result"] = new JsonObject
        {
            ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = $"Nothing was done: {reason}." }),
            ["isError"] = true,
        },
    };

    private static McpFault None(JsonElement? id, int code, string reason) => new(reason, Error(id, code, reason));

    private static JsonObject Error(JsonElement? id, int code, string reason) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id is { } known ? JsonNode.Parse(known.GetRawText()) : null,
        ["error"] = new JsonObject { ["code"] = code, ["message"] = reason },
    };
}
