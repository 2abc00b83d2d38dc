using System.Text.RegularExpressions;

namespace Relay.Agents.Hooks;

/// <summary>Tells a prompt that a person entered from one that the client made: the end of a background task, the words with which a
/// waiter woke the session, what a channel pushed. Both come as UserPromptSubmit.</summary>
internal static partial class HumanPrompt
{
    /// <summary>A prompt that is not told, as by clients before the field, counts as a person's. One that begins with words of the client
    /// is none whatever follows: a result within them may hold anything.</summary>
    public static bool Is(HookEvent hook) =>
        hook is { HookEventName: "UserPromptSubmit", AgentId: null } && !(hook.Prompt is { } prompt && ClientsOwn().IsMatch(prompt));

    [GeneratedRegex(@"\A\s*<(?:task-notification|system-reminder|channel|teammate-message|cross-session-message)[\s>]")]
    private static partial Regex ClientsOwn();
}
