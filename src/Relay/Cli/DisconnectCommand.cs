using System.CommandLine;
using Relay.Agents.Connect;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>relay disconnect claude-code: removes what connect wrote, and nothing else.</summary>
internal static class DisconnectCommand
{
    public static Command Create(CommandContext context)
    {
        var project = new Option<string?>("--project") { Description = "the project to disconnect", HelpName = "DIR" };
        var plugin = new Option<string?>("--plugin")
        {
            Description = "the plugin to remove; without --project and --plugin the one in the home folder",
            HelpName = "DIR",
        };
        var claudeCode = new Command("claude-code", "disconnect Claude Code sessions") { project, plugin };
        claudeCode.Validators.Add(result =>
        {
            if (result.GetValue(project) is not null && result.GetValue(plugin) is not null)
                result.AddError("--project and --plugin exclude each other");
        });
        claudeCode.SetAction(parse =>
        {
            if (parse.GetValue(project) is { } connected)
                return RemoveFrom(context, Path.GetFullPath(connected), Home(context, parse));
            var folder = parse.GetValue(plugin) ?? Path.Combine(context.Home(parse).Root, ConnectClaudeCode.PluginFolder);
            return RemovePlugin(context, Path.GetFullPath(folder));
        });
        return new Command("disconnect", "undo connect") { claudeCode };
    }

    /// <summary>Null where there is none: then it remembers nothing of the project.</summary>
    private static RelayHome? Home(CommandContext context, ParseResult parse)
    {
        try
        {
            return context.Home(parse);
        }
        catch (CommandFailure)
        {
            return null;
        }
    }

    private static int RemovePlugin(CommandContext context, string plugin) => Run(context, () =>
        context.Output.WriteLine(ClientPlugin.Remove(plugin) ? $"removed {plugin}" : $"{plugin}: nothing to remove"));

    private static int RemoveFrom(CommandContext context, string project, RelayHome? home) => Run(context, () =>
    {
        if (home is not null)
            new ConnectedFolders(home).Remove(project);
        var plan = new ProjectFiles(project, home is null ? [] : [home.Root]).PlanDisconnect();
        ProjectFiles.Write(project, plan);
        foreach (var file in plan)
            context.Output.WriteLine($"{(file.Content is null ? "removed" : "restored")} {file.Path}");
        context.Output.WriteLine(plan.Count == 0
            ? $"{project}: not connected"
            : "Its token is still valid elsewhere: relay tokens --revoke NAME ends it.");
    });

    private static int Run(CommandContext context, Action remove)
    {
        try
        {
            remove();
            return ExitCode.Done;
        }
        catch (Exception exception) when (exception is ConnectFault or IOException or UnauthorizedAccessException)
        {
            context.Error.WriteLine(exception.Message);
            return ExitCode.Failed;
        }
    }
}
