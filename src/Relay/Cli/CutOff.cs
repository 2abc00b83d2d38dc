using Relay.Configuration;
using Relay.Files;
using Relay.Turns;

namespace Relay.Cli;

/// <summary>The calls that a relay was making when it stopped stand as under way in its database until the next start, and are it no
/// more.</summary>
internal static class CutOff
{
    private const string Restart = "the daemon to run, which it does not: the call was cut off when it stopped";

    /// <summary>On a server a relay of another machine may be making them.</summary>
    public static bool Is(SettingsSource settings) =>
        settings.Current.Config.Store == StoreKind.Sqlite && InstanceLock.RunningProcess(settings.Current.Home.LockFile) is null;

    /// <summary>What a message waits for.</summary>
    public static string? Told(string? waitsFor) => waitsFor == Waits.Working.Words ? Restart : waitsFor;
}
