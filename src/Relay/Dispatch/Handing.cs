namespace Relay.Dispatch;

/// <summary>To whom a reply is handed, and what will show that its model has it.</summary>
/// <param name="Agent">Claude Code's own session id.</param>
/// <param name="Sign">Its next event, the prompt with the text, or the end of a tool call.</param>
internal sealed record Handing(string Agent, string Sign)
{
    private const string Next = "next", Wake = "wake", Use = "use:";

    public bool IsNextEvent => Sign == Next;

    public bool IsWake => Sign == Wake;

    /// <summary>The tool call that it answers; null where it answers none.</summary>
    public string? ToolUse => Sign.StartsWith(Use, StringComparison.Ordinal) ? Sign[Use.Length..] : null;

    /// <summary>As context of a hook, or as what the session goes on with.</summary>
    public static Handing WithHook(string agent) => new(agent, Next);

    /// <summary>The client makes a prompt of the text.</summary>
    public static Handing ByWaking(string agent) => new(agent, Wake);

    public static Handing InAnswerTo(string agent, string toolUse) => new(agent, Use + toolUse);
}

/// <summary>That a reply was handed, and has not been shown to be there yet.</summary>
/// <param name="At">When.</param>
/// <param name="To">To whom.</param>
/// <param name="Through">The number of the last piece that it was handed with; null for all of the reply.</param>
internal sealed record Handed(DateTimeOffset At, Handing To, int? Through);
