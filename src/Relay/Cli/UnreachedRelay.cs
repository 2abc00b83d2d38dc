namespace Relay.Cli;

/// <summary>What the user of a client knows of a relay that does not answer: each client is told once, and again only after the relay was
/// reached. A folder for each client that was told, as the hook script keeps them.</summary>
internal static class UnreachedRelay
{
    private static string Folder
    {
        get
        {
            var configuration = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } own
                ? own
                : Path.Combine(Environment.GetEnvironmentVariable("HOME") ?? "", ".config");
            return Path.Combine(configuration, "relay", "unreached");
        }
    }

    /// <summary>Null where it cannot be told which client this is.</summary>
    private static string? Own => (Variable("CLAUDE_PID") ?? Variable("CLAUDE_CODE_SESSION_ID")) is { } name
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? Path.Combine(Folder, name) : null;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    /// <summary>False where it is known already, or could not be remembered.</summary>
    public static bool Tell() => Own is { } own && Try(() =>
    {
        if (Directory.Exists(own))
            return false;
        Directory.CreateDirectory(own);
        return true;
    });

    public static void Reached() => Try(() => Own is { } own && Forget(own));

    /// <summary>For a session that starts: what clients have left that were killed goes, too.</summary>
    public static void ReachedByAll() => Try(() => Directory.Exists(Folder) && Directory.GetDirectories(Folder).All(Forget));

    private static bool Forget(string client)
    {
        if (Directory.Exists(client))
            Directory.Delete(client);
        return true;
    }

    /// <summary>It is no more than a matter of what is said.</summary>
    private static bool Try(Func<bool> change)
    {
        try
        {
            return change();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // Another hook was faster, or its user may not.
        }
    }
}
