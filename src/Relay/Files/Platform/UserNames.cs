using System.Runtime.InteropServices;

namespace Relay.Files.Platform;

/// <summary>The users of this machine, by whatever the system keeps them in (files, LDAP and so on).</summary>
internal static partial class UserNames
{
    /// <summary>In struct passwd of Linux and macOS alike, on 64 bits: pw_name, pw_passwd, then pw_uid.</summary>
    private const int UserIdAt = 16;

    private static readonly Lock Asking = new(); // What the calls return is one place in memory, which the next call changes.

    /// <summary>Null when there is no such user.</summary>
    public static uint? IdOf(string name)
    {
        lock (Asking)
            return ByName(name) is var found and not 0 ? (uint)Marshal.ReadInt32(found, UserIdAt) : null;
    }

    /// <summary>Null when the number has no name.</summary>
    public static string? NameOf(uint user)
    {
        lock (Asking)
            return ById(user) is var found and not 0 ? Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(found)) : null;
    }

    [LibraryImport("libc", EntryPoint = "getpwnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint ByName(string name);

    [LibraryImport("libc", EntryPoint = "getpwuid")]
    private static partial nint ById(uint user);
}
