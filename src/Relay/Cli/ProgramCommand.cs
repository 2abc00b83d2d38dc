using Relay.Agents.Connect;

namespace Relay.Cli;

/// <summary>The command line that starts this program again, quoted for a shell.</summary>
internal static class ProgramCommand
{
    public static string OfProcess() => Of(Environment.ProcessPath ?? "relay", AppContext.BaseDirectory);

    /// <summary>If the program was started as "dotnet relay.dll", its own executable is usually beside it, and starts faster.</summary>
    internal static string Of(string process, string folder)
    {
        if (Path.GetFileNameWithoutExtension(process) != "dotnet")
            return ShellWord.Quote(process);
        var own = Path.Combine(folder, "relay");
        return File.Exists(own)
            ? ShellWord.Quote(own)
            : $"{ShellWord.Quote(process)} {ShellWord.Quote(Path.Combine(folder, "relay.dll"))}";
    }
}
