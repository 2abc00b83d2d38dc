namespace Relay.Cli;

/// <summary>What a command tells its caller; the numbers above 2 are those of sysexits.h.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;

    /// <summary>The daemon is needed and not running.</summary>
    public const int NotRunning = 69;

    /// <summary>Busy, or timed out.</summary>
    public const int TryLater = 75;

    public const int Configuration = 78;
}
