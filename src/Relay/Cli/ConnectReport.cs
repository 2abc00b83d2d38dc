using Relay.Agents.Connect;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>Says what connect has written: in which file, why, and whose it is.</summary>
/// <param name="output">Of the command.</param>
/// <param name="folder">What was connected.</param>
/// <param name="name">The connection's.</param>
internal sealed class ConnectReport(TextWriter output, string folder, string name)
{
    /// <summary>The relay's home is another user's, and the system keeps sessions from it.</summary>
    public bool IsOthers { get; init; }

    private bool IsLeftOut => GitExclude.Of(folder) is not null;

    private string Fence => IsOthers
        ? "rules that keep a session from the operator's commands (a fence against slips, no border)"
        : "rules that keep a session from your home and the operator's commands (a fence against slips, no border)";

    /// <param name="plan">What was written.</param>
    /// <param name="place">Where the server is.</param>
    /// <param name="config">The client's own file, where that has it.</param>
    public void Files(IReadOnlyList<PlannedFile> plan, ServerPlace place, string? config)
    {
        output.WriteLine($"{folder} is connected as {name}. Written:");
        foreach (var file in plan.Where(file => !file.Path.EndsWith(".relay-backup", StringComparison.Ordinal)))
            output.WriteLine($"  {Shown(file.Path)}: {Why(file, place)}");
        if (config is not null)
            output.WriteLine($"  {config}: the server of the tools, by claude mcp add-json -s local; yours alone, for this project");
        if (place != ServerPlace.Shared)
            output.WriteLine("Nothing of it is for version control" + (IsLeftOut
                ? "; --shared writes what a team commits."
                : GitExclude.UnknownTo(folder) is { } git
                    ? $". {git} leads to no repository that knows this folder, so what git leaves out there was not written: keep it out "
                        + "of version control yourself, before you add anything."
                    : ". This folder is in no git repository: keep it out of version control yourself."));
    }

    public void Port(RelayConfig config)
    {
        if (config.Listen.Port == 0)
            output.WriteLine("With port 0 in config.yaml the relay has another address after each start: "
                + "choose a port, or connect again after each start.");
    }

    /// <param name="files">The client's settings, of this user and of the project.</param>
    public void HooksOff(params IEnumerable<string> files)
    {
        if (Agents.Connect.HooksOff.In(files) is { } warning)
            output.WriteLine(warning);
    }

    public void Start()
    {
        output.WriteLine();
        output.WriteLine($"  cd {ShellWord.Quote(folder)} && claude");
        output.WriteLine();
        output.WriteLine("No export is needed, and nothing is asked. The session is told at its start whether it is connected, and you are "
            + "told if it is not. relay disconnect claude-code --project DIR takes all of it back.");
    }

    /// <param name="plan">What was written.</param>
    /// <param name="token">The file with the token.</param>
    /// <param name="settings">The client's, of this user.</param>
    /// <param name="isInstalled">Whether the client has taken the plugin.</param>
    public void User(IReadOnlyList<PlannedFile> plan, string token, string settings, bool isInstalled)
    {
        output.WriteLine($"All your projects are connected by {name}; each session is named by its folder. Written, for you alone:");
        output.WriteLine($"  {folder}: a marketplace with the plugin: hooks, tools and a skill ({plan.Count} files)");
        output.WriteLine($"  {token}: the token of {name}");
        output.WriteLine($"  {settings}: {Fence}");
        output.WriteLine(isInstalled
            ? $"  in the client: claude plugin marketplace add, claude plugin install {ClientMarketplace.Plugin}"
            : $"There is no program claude in PATH, so install it yourself:\n"
                + $"  claude plugin marketplace add {ShellWord.Quote(folder)} && claude plugin install {ClientMarketplace.Plugin}");
        output.WriteLine();
        output.WriteLine("Start claude in any project. A project that is connected by itself keeps its own connection. "
            + "relay disconnect claude-code --user takes all of it back.");
    }

    private string Shown(string path) => path.StartsWith(folder + "/", StringComparison.Ordinal) ? path[(folder.Length + 1)..] : path;

    private string Why(PlannedFile file, ServerPlace place) => Path.GetFileName(file.Path) switch
    {
        _ when file.Content is null => "removed, for nothing but an earlier connect's entries was in it",
        "exclude" => "git leaves out the files that are yours alone; this list is never committed",
        "settings.local.json" when place == ServerPlace.Shared =>
            $"the token of {name}, and {Fence}; yours alone, mode 0600",
        "settings.local.json" =>
            $"the hooks, which hand events over and bring replies; the token of {name}; {Fence}; yours alone, mode 0600",
        ".mcp.json" when place == ServerPlace.Shared =>
            "the server of the tools; to be committed, and Claude Code asks each colleague once",
        ".mcp.json" when place == ServerPlace.Project =>
            "the server of the tools, already approved in settings.local.json; yours alone"
                + (IsLeftOut ? ", git leaves the file out" : ""),
        "settings.json" when place == ServerPlace.Shared =>
            "the hooks; to be committed, and silent for a colleague who runs no relay",
        HookScript.Name => "the script by which the hooks reach the relay; to be committed",
        _ => "an earlier connect's entries are taken out",
    };
}
