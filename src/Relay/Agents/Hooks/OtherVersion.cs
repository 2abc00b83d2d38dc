using Relay.Configuration;

namespace Relay.Agents.Hooks;

/// <summary>The hooks run the program that is installed now, and the relay the one that it was started with.</summary>
internal static class OtherVersion
{
    private const int Longest = 60;

    /// <summary>For the user, when a session is opened; null when there is nothing to say.</summary>
    public static string? Note(HttpRequest request, HookEvent hook) =>
        request.Headers["X-Relay-Version"].ToString() is { Length: > 0 and <= Longest } other
        && other != ProgramVersion.Text && hook.Source is not ("compact" or "clear")
            ? $"Relay {ProgramVersion.Text} runs, and {other} is installed. To mend it, stop the relay and start it again: relay run"
            : null;
}
