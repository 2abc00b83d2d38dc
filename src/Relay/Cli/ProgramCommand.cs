using Relay.Agents.Connect;

namespace Relay.Cli;

/// <summary>The command line that runs this very program again, quoted for a shell.</summary>
internal static class ProgramCommand
{
    public static string OfProcess() => Of(Environment.ProcessPath ?? "relay", AppContext.BaseDirectory);

    /// <summary>A program started as "dotnet relay.dll" has mostly its own executable beside it, which starts faster.</summary>
    internal static string Of(string process, string folder)
    {
        if (Path.GetFileNameWithoutExtension(process) != "dotnet")
            return ShellWord.Quote(process);
        var own = Path.Combine(folder, "relay");
        return File.Exists(own) ? ShellWord.Quote(own) : $"{ShellWord.Quote(process)} {ShellWord.Quote(Path.Combine(folder, "relay.dll"))}";
    }
}
