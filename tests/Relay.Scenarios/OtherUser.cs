using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Xunit;

namespace Relay.Scenarios;

/// <summary>What a command printed, on either stream, and how it ended.</summary>
internal sealed record Done(int Exit, string Output);

/// <summary>Another user of this machine, with nothing of root's: no group, no capability, no environment. Only root can become
/// one.</summary>
internal sealed partial class OtherUser(uint id)
{
    private const string SetPriv = "/usr/bin/setpriv";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public uint Id => id;

    /// <summary>Skips a scenario that cannot have its users.</summary>
    public static void Require()
    {
        Assert.SkipUnless(EffectiveUser() == 0, "only root can start programs as other users");
        Assert.SkipUnless(File.Exists(SetPriv) && File.Exists("/usr/bin/curl"), "setpriv(1) and curl(1) are needed");
    }

    /// <summary>The process is the program itself: setpriv replaces itself by it.</summary>
    public Process Start(params string[] words)
    {
        var user = id.ToString(CultureInfo.InvariantCulture);
        string[] become = [$"--reuid={user}", $"--regid={user}", "--clear-groups", "--inh-caps=-all", "--no-new-privs"];
        var start = new ProcessStartInfo(SetPriv, [.. become, .. words])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["HOME"] = "/nonexistent";
        return Process.Start(start)!;
    }

    public async Task<Done> RunAsync(params string[] words)
    {
        using var process = Start(words);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Limit);
        return new Done(process.ExitCode, await output + await error);
    }

    public Task<Done> ShellAsync(string line) => RunAsync("/bin/sh", "-c", line);

    /// <summary>Gives it a folder and all that is in it.</summary>
    public void Give(string folder)
    {
        foreach (var path in (string[])[folder, .. Directory.GetFileSystemEntries(folder, "*", SearchOption.AllDirectories)])
            if (Chown(path, id, id) != 0)
                throw new IOException($"chown {path}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
