using System.Reflection;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Relay.Agents.Tools;

/// <summary>The tools as a client sees them, for one that asks while the relay is down.</summary>
internal static class ToolList
{
    public static IList<Tool> All { get; } = (from type in (Type[])[typeof(AdvisorTools), typeof(StatusTool)]
                                              from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance)
                                              where method.GetCustomAttribute<McpServerToolAttribute>() is not null
                                              select McpServerTool.Create(method, NotHere, options: null).ProtocolTool).ToList();

    private static object NotHere(RequestContext<CallToolRequestParams> request) => throw new InvalidOperationException();
}
