using System.Diagnostics;
using System.Globalization;

namespace Relay.Running;

/// <summary>Names the steps between which the relay may die. With RELAY_CRASH_AT=NAME[:N] in the environment the process kills itself
/// (SIGKILL, no clean-up) at the N-th passing of that step: the crash scenario uses it to die at each of them.</summary>
internal static class CrashPoint
{
    private static readonly string[] Wanted = Environment.GetEnvironmentVariable("RELAY_CRASH_AT")?.Split(':') ?? [];
    private static int _left = Wanted is [_, var count] ? int.Parse(count, CultureInfo.InvariantCulture) : 1;

    public static void Pass(string step)
    {
        if (Wanted.Length == 0 || Wanted[0] != step || Interlocked.Decrement(ref _left) > 0)
            return;
        Process.GetCurrentProcess().Kill();
        new ManualResetEvent(initialState: false).WaitOne(); // The signal is on its way; nothing more may happen.
    }
}
