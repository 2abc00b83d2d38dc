using System.CommandLine;
using Relay.Agents.Connect;
using Relay.Configuration;

namespace Relay.Cli;

/// <summary>relay disconnect claude-code: removes what connect wrote, and nothing else.</summary>
internal static class DisconnectCommand
{
    public static Command Create(CommandContext context)
    {
        var place = new PlaceOptions();
        var claudeCode = new Command("claude-code", "disconnect Claude Code sessions");
        place.AddTo(claudeCode);
        claudeCode.SetAction(async (parse, cancellationToken) =>
        {
            var home = Home(context, parse);
            if (place.ProjectOf(parse) is { } connected)
                return await RunAsync(context, home, () => RemoveFromAsync(context, connected, home, cancellationToken), cancellationToken);
            var own = home?.Root is { } root && Directory.Exists(root) ? root : new HomeChoice(context).UserConfiguration;
            if (parse.GetValue(place.User))
                return await RunAsync(
                    context, home, () => RemoveUserAsync(context, own, home?.Root ?? "", cancellationToken), cancellationToken);
            var folder = Path.GetFullPath(parse.GetValue(place.Plugin) ?? Path.Combine(own, ConnectClaudeCode.PluginFolder));
            return await RunAsync(context, home, () => RemovePluginAsync(context, folder), cancellationToken);
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

    private static Task RemovePluginAsync(CommandContext context, string plugin)
    {
        context.Output.WriteLine(ClientPlugin.Remove(plugin) ? $"removed {plugin}" : $"{plugin}: nothing to remove");
        return Task.CompletedTask;
    }

    private static async Task RemoveUserAsync(CommandContext context, string own, string home, CancellationToken cancellationToken)
    {
        var client = new ClientProgram(context.Environment);
        var fence = new UserFence(client.SettingsFile, home);
        fence.PlanDisconnect(); // Refused before anything is changed.
        var market = new ClientMarketplace(Path.Combine(own, ConnectClaudeCode.MarketplaceFolder));
        var isThere = market.IsThere;
        if (isThere)
            await RemoveAsync(context, market, client, own, cancellationToken);
        var rules = fence.PlanDisconnect(); // The client has taken its own out of that file by now.
        ProjectFiles.Write(fence.Folder, rules);
        foreach (var file in rules)
            context.Output.WriteLine($"{(file.Content is null ? "removed" : "restored")} {file.Path}");
        context.Output.WriteLine(isThere || rules.Count > 0
            ? "The token itself is still valid: relay tokens --revoke NAME ends it."
            : $"{market.Folder}: nothing to remove");
    }

    private static async Task RemoveAsync(
        CommandContext context, ClientMarketplace market, ClientProgram client, string own, CancellationToken cancellationToken)
    {
        if (client.Find(market.Folder) is not null)
            await market.UninstallAsync(client, cancellationToken);
        else
            context.Output.WriteLine($"no program claude in PATH; run it yourself: claude plugin uninstall {ClientMarketplace.Plugin}");
        market.Remove();
        File.Delete(ConnectClaudeCode.TokenFile(own));
        context.Output.WriteLine($"removed {market.Folder}, and the token's file");
    }

    private static async Task RemoveFromAsync(
        CommandContext context, string project, RelayHome? home, CancellationToken cancellationToken)
    {
        if (home is not null)
            new ConnectedFolders(home).Remove(project);
        var client = new ClientProgram(context.Environment);
        var plan = new ProjectFiles(project, home is null ? [] : [home.Root]).PlanDisconnect();
        ProjectFiles.Write(project, plan);
        foreach (var file in plan)
            context.Output.WriteLine($"{(file.Content is null ? "removed" : "restored")} {file.Path}");
        if (RemoveScript(context, project) is { } script)
            context.Output.WriteLine($"removed {script}, which no connection uses any more");
        var isServerGone = await client.RemoveServerAsync(project, cancellationToken) == true;
        if (isServerGone)
            context.Output.WriteLine($"removed the server from {client.ConfigFile}");
        context.Output.WriteLine(plan.Count == 0 && !isServerGone
            ? $"{project}: not connected"
            : "Its token is still valid elsewhere: relay tokens --revoke NAME ends it.");
    }

    /// <summary>Of relays of other users, whose connections share it; null where it is used still, or none is there.</summary>
    private static string? RemoveScript(CommandContext context, string project)
    {
        var script = HookScript.PathIn(new HomeChoice(context).UserConfiguration);
        var folder = Path.GetDirectoryName(script)!;
        if (!new ConnectedFolders(folder).RemoveLast(project))
            return null;
        File.Delete(script);
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
        return script;
    }

    private static async Task<int> RunAsync(
        CommandContext context, RelayHome? home, Func<Task> remove, CancellationToken cancellationToken)
    {
        try
        {
            using var turn = await ConnectTurn.TakeAsync(context, home, cancellationToken);
            await remove();
            return ExitCode.Done;
        }
        catch (Exception exception) when (exception is ConnectFault or IOException or UnauthorizedAccessException)
        {
            context.Error.WriteLine(exception.Message);
            return ExitCode.Failed;
        }
    }
}
