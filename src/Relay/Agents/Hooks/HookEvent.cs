using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Relay.Agents.Hooks;

/// <summary>What Claude Code posts to a hook. Fields that an event does not have are null.</summary>
internal sealed record HookEvent
{
    public string? HookEventName { get; init; }
    public string? SessionId { get; init; }

    /// <summary>Set only in events from inside a subagent.</summary>
    public string? AgentId { get; init; }

    public string? AgentType { get; init; }

    public string? Cwd { get; init; }
    public string? PromptId { get; init; }

    /// <summary>Of UserPromptSubmit. Null also where it is too long to be kept.</summary>
    public string? Prompt { get; init; }

    public string? LastAssistantMessage { get; init; }
    public bool? StopHookActive { get; init; }

    /// <summary>What a Stop leaves running.</summary>
    public JsonElement? BackgroundTasks { get; init; }

    public string? ToolName { get; init; }
    public JsonElement? ToolInput { get; init; }
    public string? ToolUseId { get; init; }

    /// <summary>What the tool has answered, where that is short.</summary>
    public JsonElement? ToolResponse { get; init; }

    public JsonElement? PermissionSuggestions { get; init; }
    public string? NotificationType { get; init; }
    public string? Reason { get; init; }
    public string? Source { get; init; }

    /// <summary>The tool's input was there, but too large to be kept.</summary>
    [JsonIgnore]
    public bool IsInputTooLarge { get; init; }
}

/// <summary>The answer to a hook event. An empty answer lets the session do what it was about to do.</summary>
internal sealed record HookAnswer
{
    public static readonly HookAnswer Nothing = new();

    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>"block" lets a session that wants to stop go on, with <see cref="Reason"/> as its input.</summary>
    public string? Decision { get; init; }

    public string? Reason { get; init; }

    /// <summary>Shown to the user, not to the model.</summary>
    public string? SystemMessage { get; init; }

    public HookOutput? HookSpecificOutput { get; init; }

    public static HookAnswer GoOn(string text) => new() { Decision = "block", Reason = text };

    public static HookAnswer Context(string eventName, string text) =>
        new() { HookSpecificOutput = new HookOutput { HookEventName = eventName, AdditionalContext = text } };

    public static HookAnswer Denied(string message) => Decided(new PermissionDecision("deny", message));

    /// <param name="input">In place of the tool's input; null leaves it.</param>
    /// <param name="updates">What the client writes for later.</param>
    public static HookAnswer Allowed(JsonObject? input = null, JsonArray? updates = null) =>
        Decided(new PermissionDecision("allow", null) { UpdatedInput = input, UpdatedPermissions = updates });

    private static HookAnswer Decided(PermissionDecision decision) =>
        new() { HookSpecificOutput = new HookOutput { HookEventName = "PermissionRequest", Decision = decision } };
}

internal sealed record HookOutput
{
    public required string HookEventName { get; init; }
    public string? AdditionalContext { get; init; }
    public PermissionDecision? Decision { get; init; }
}

internal sealed record PermissionDecision(string Behavior, string? Message)
{
    public JsonObject? UpdatedInput { get; init; }
    public JsonArray? UpdatedPermissions { get; init; }
}
