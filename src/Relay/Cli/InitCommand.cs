using System.CommandLine;
using System.Text;
using Relay.Configuration;
using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>relay init: creates a home. What is there already stays as it is.</summary>
internal static class InitCommand
{
    public static Command Create(CommandContext context)
    {
        var json = CommonOptions.Json();
        var command = new Command("init", "write a commented config.yaml, .env and the folders; never overwrites") { json };
        command.SetAction(parse => Run(context, parse, parse.GetValue(json)));
        return command;
    }

    private static int Run(CommandContext context, ParseResult parse, bool json)
    {
        var choice = new HomeChoice(context);
        var home = choice.ToMake(parse.GetValue(context.HomeOption));
        var made = new List<string>();
        var kept = new List<string>();
        foreach (var folder in (string[])[home.Root, home.State, home.Queue, home.Dispatch, home.Logs])
            (Directory.Exists(folder) ? kept : made).Add(folder);
        home.CreateFolders();
        choice.Remember(home);
        WriteWarnings(context, home, json);
        var configIsNew = WriteNew(home.ConfigFile, ConfigTemplate.Config);
        (configIsNew ? made : kept).Add(home.ConfigFile);
        var envIsNew = WriteNew(home.EnvFile, ConfigTemplate.Env);
        (envIsNew ? made : kept).Add(home.EnvFile);
        var loaded = SettingsSource.Load(home, context.Environment, generate: envIsNew); // Never writes to a .env that was there before.
        Report(context, home, made, kept, json);
        return loaded is Loaded.Faulty faulty ? context.ReportFaults(faulty.Faults) : ExitCode.Done;
    }

    private static void Report(CommandContext context, RelayHome home, List<string> made, List<string> kept, bool json)
    {
        if (json)
        {
            context.WriteJson(new { Home = home.Root, Made = made, Kept = kept });
            return;
        }
        foreach (var path in made)
            context.Output.WriteLine($"made       {path}");
        foreach (var path in kept)
            context.Output.WriteLine($"was there  {path}");
        if (made.Contains(home.EnvFile))
            context.Output.WriteLine("next: put ANTHROPIC_API_KEY into .env, then: relay doctor, relay run");
        context.Output.WriteLine($"the home is {home.Root}{(IsCurrent(context, home) ? ": relay commands started in it use it" : "")}");
    }

    private static bool IsCurrent(CommandContext context, RelayHome home) =>
        Posix.RealPath(home.Root) == Posix.RealPath(context.CurrentFolder);

    /// <summary>An ordinary folder is open to more than a home should be.</summary>
    private static void WriteWarnings(CommandContext context, RelayHome home, bool json)
    {
        if (json)
            return;
        foreach (var warning in HomeChecks.Warnings(home))
            context.Error.WriteLine($"warning: {warning}");
        if (Path.Exists(Path.Combine(home.Root, ".git")))
            context.Error.WriteLine($"warning: {home.Root} is under git: keep .env and state/ out of it");
    }

    /// <summary>False when the name is taken, even by a link whose target is missing.</summary>
    private static bool WriteNew(string path, string text)
    {
        if (Posix.Lstat(path) is not null)
            return false;
        DurableFile.WriteNew(path, Encoding.UTF8.GetBytes(text), DurableFile.OwnerAlone);
        return true;
    }
}
