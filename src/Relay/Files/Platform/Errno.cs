using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>Why a system call failed: the numbers that are the same in Linux's asm-generic/errno-base.h and macOS's sys/errno.h.</summary>
internal static class Errno
{
    public const int None = 0;
    public const int NotPermitted = 1; // EPERM
    public const int NoSuchEntry = 2; // ENOENT
    public const int NoAccess = 13; // EACCES
    public const int Exists = 17; // EEXIST
    public const int NoFolder = 20; // ENOTDIR
    public const int InvalidArgument = 22; // EINVAL
    public const int NotForThisFile = 25; // ENOTTY
    public const int TooManyLinks = 31; // EMLINK

    /// <summary>EWOULDBLOCK: another process has the lock.</summary>
    public static bool IsLocked(int error) => error == (OperatingSystem.IsMacOS() ? MacOs.WouldBlock : Linux.WouldBlock);

    /// <summary>The error of the call that has just returned this result.</summary>
    public static int Of(int result) => result == 0 ? None : Marshal.GetLastPInvokeError();

    /// <summary>Whether the system or the file system does not have the call.</summary>
    public static bool IsMissingCall(int error) =>
        OperatingSystem.IsMacOS() ? error is MacOs.NotSupported or MacOs.NoSuchCall : error is Linux.NotSupported or Linux.NoSuchCall;

    public static IOException Failed(string call, string what, int error) =>
        new($"{call} {what}: {Marshal.GetPInvokeErrorMessage(error)}", error);
}
