using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Relay.Texts;

namespace Relay.Agents.Tools;

/// <summary>Looks at a tool call before the SDK does, which says of a fault only that there is one, and logs it as ours.</summary>
internal sealed partial class CallCheck(ILogger<CallCheck> log)
{
    public McpRequestHandler<CallToolRequestParams, CallToolResult> Before(
        McpRequestHandler<CallToolRequestParams, CallToolResult> call) => async (request, cancellationToken) =>
        {
            if (request.MatchedPrimitive is not McpServerTool tool)
            {
                LogRefused($"there is no tool {Printable.Quoted(request.Params?.Name ?? "")}");
                throw new McpProtocolException(
                    $"Unknown tool: {Printable.Quoted(request.Params?.Name ?? "")}", McpErrorCode.InvalidParams);
            }
            if (Fault(tool.ProtocolTool.InputSchema, request.Params?.Arguments) is not { } fault)
                return await call(request, cancellationToken);
            LogRefused($"{tool.ProtocolTool.Name}: {fault}");
            return new CallToolResult { Content = [new TextContentBlock { Text = $"Nothing was done: {fault}." }], IsError = true };
        };

    /// <summary>All arguments of our tools are texts.</summary>
    private static string? Fault(JsonElement schema, IDictionary<string, JsonElement>? arguments)
    {
        if (!schema.TryGetProperty("properties", out var properties))
            return null;
        var required = schema.TryGetProperty("required", out var names)
            ? names.EnumerateArray().Select(name => name.GetString()!).ToHashSet()
            : [];
        foreach (var property in properties.EnumerateObject())
        {
            var isRequired = required.Contains(property.Name);
            if (arguments?.TryGetValue(property.Name, out var value) != true)
            {
                if (isRequired)
                    return $"\"{property.Name}\" is missing";
            }
            else if (Fault(property.Name, value, isRequired) is { } fault)
                return fault;
        }
        return null;
    }

    private static string? Fault(string name, JsonElement value, bool isRequired)
    {
        if (value.ValueKind == JsonValueKind.Null && !isRequired)
            return null;
        if (value.ValueKind != JsonValueKind.String)
            return $"\"{name}\" must be a string";
        try
        {
            value.GetString();
            return null;
        }
        catch (InvalidOperationException fault)
        {
            return JsonFault.OfString($"\"{name}\"", fault);
        }
    }

    [LoggerMessage(LogLevel.Information, "A tool call was refused: {Reason}")]
    private partial void LogRefused(string reason);
}
