namespace Relay.Cli;

/// <summary>The exit codes of all commands. The numbers above 2 are from sysexits.h.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>The command needs the daemon, and it is not running.</summary>
    public const int NotRunning = 69;

    /// <summary>Busy, or timed out.</summary>
    public const int TryLater = 75;

    public const int Configuration = 78;
}
