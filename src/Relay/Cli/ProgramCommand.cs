using Relay.Agents.Connect;

namespace Relay.Cli;

/// <summary>The command line that starts this program again, quoted for a shell.</summary>
internal static class ProgramCommand
{
    private static string Process => Environment.ProcessPath ?? "relay";

    /// <summary>The file without which it cannot be started.</summary>
    public static string FileOfProcess => Parts(Process, AppContext.BaseDirectory).File;

    public static string OfProcess() => Of(Process, AppContext.BaseDirectory);

    internal static string Of(string process, string folder)
    {
        var (runner, file) = Parts(process, folder);
        return runner is null ? ShellWord.Quote(file) : $"{ShellWord.Quote(runner)} {ShellWord.Quote(file)}";
    }

    /// <summary>If the program was started as "dotnet relay.dll", its own executable is usually beside it, and starts faster.</summary>
    private static (string? Runner, string File) Parts(string process, string folder)
    {
        if (Path.GetFileNameWithoutExtension(process) != "dotnet")
            return (null, process);
        var own = Path.Combine(folder, "relay");
        return File.Exists(own) ? (null, own) : (process, Path.Combine(folder, "relay.dll"));
    }
}
