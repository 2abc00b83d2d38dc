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
                Forget(context, parse, Path.GetFullPath(connected));
            return Run(context, parse.GetValue(project), () => parse.GetValue(plugin) is { } named
                ? Path.GetFullPath(named)
                : Path.Combine(context.Home(parse).Root, ConnectClaudeCode.PluginFolder));
        });
        return new Command("disconnect", "undo connect") { claudeCode };
    }

    /// <summary>Without a home there is none in which it was remembered.</summary>
    private static void Forget(CommandContext context, ParseResult parse, string project)
    {
        try
        {
            new ConnectedFolders(context.Home(parse)).Remove(project);
        }
        catch (CommandFailure)
        {
        }
    }

    internal static int Run(CommandContext context, string? project, Func<string> pluginFolder)
    {
        try
        {
            if (project is null)
            {
                var plugin = pluginFolder();
                context.Output.WriteLine(ClientPlugin.Remove(plugin) ? $"removed {plugin}" : $"{plugin}: nothing to remove");
                return ExitCode.Done;
            }
            var plan = new ProjectFiles(Path.GetFullPath(project)).PlanDisconnect();
            ProjectFiles.Write(Path.GetFullPath(project), plan);
            foreach (var file in plan)
                context.Output.WriteLine($"{(file.Content is null ? "removed" : "restored")} {file.Path}");
            if (plan.Count == 0)
                context.Output.WriteLine($"{Path.GetFullPath(project)}: not connected");
            return ExitCode.Done;
        }
        catch (Exception exception) when (exception is ConnectFault or IOException or UnauthorizedAccessException)
        {
            context.Error.WriteLine(exception.Message);
            return ExitCode.Failed;
        }
    }
}
