using System.Diagnostics;

namespace Relay.Scenarios.Harness;

/// <summary>A file system of a few MiB of its own, or a folder that cannot be written: both need mount, which only root may.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    /// <summary>Null, with the reason, where it may not be mounted.</summary>
    public static SmallDisk? TryMount(string folder, int mebibytes, out string why) => Environment.UserName != "root"
        ? Refused("mounting needs root", out why)
        : Run("mount", ["-t", "tmpfs", "-o", $"size={mebibytes}m,mode=700", "tmpfs", folder], out why) ? new SmallDisk(folder) : null;

    /// <summary>The folder as it is, on a mount of its own, so that it can be made read-only.</summary>
    public static SmallDisk? TryBind(string folder, out string why) => TryBind(folder, folder, out why);

    /// <summary>As <see cref="TryBind"/>, and read-only from its first moment, under a program that is running. A remount would fail with
    /// "busy" if that program had opened a file for writing since the folder was bound.</summary>
    public static SmallDisk? TryCoverReadOnly(string folder, out string why)
    {
        var aside = Directory.CreateTempSubdirectory("relay-read-only-");
        try
        {
            using var made = TryBind(folder, aside.FullName, out why);
            made?.Write(mayWrite: false);
            return made is null ? null : TryBind(aside.FullName, folder, out why);
        }
        finally
        {
            aside.Delete();
        }
    }

    /// <summary>Leaves no byte.</summary>
    public void Fill()
    {
        var filler = Path.Combine(_folder, "filler");
        using var file = new FileStream(filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var step in (int[])[1 << 20, 1 << 16, 1 << 12, 1])
            try
            {
                while (true)
                {
                    file.Write(new byte[step]);
                }
            }
            catch (IOException)
            {
                // As much as fits in steps of this size.
            }
    }

    public void MakeRoom() => File.Delete(Path.Combine(_folder, "filler"));

    public void Write(bool mayWrite)
    {
        if (!Run("mount", ["-o", mayWrite ? "remount,bind,rw" : "remount,bind,ro", _folder], out var why))
            throw new InvalidOperationException(why);
    }

    public void Dispose() => Run("umount", ["-l", _folder], out _);

    private static SmallDisk? TryBind(string folder, string target, out string why) => Environment.UserName != "root"
        ? Refused("mounting needs root", out why)
        : Run("mount", ["--bind", folder, target], out why) ? new SmallDisk(target) : null;

    private static SmallDisk? Refused(string reason, out string why)
    {
        why = reason;
        return null;
    }

    private static bool Run(string program, string[] arguments, out string why)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        why = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
