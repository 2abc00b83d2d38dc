namespace Relay.Agents.Tools;

/// <summary>Where MCP is spoken. Routing takes the path with a slash at its end for the same, and many clients write it so.</summary>
internal static class McpPath
{
    public static bool Is(HttpRequest request) => request.Path.StartsWithSegments("/mcp");
}
