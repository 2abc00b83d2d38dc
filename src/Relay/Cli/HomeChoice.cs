using Relay.Configuration;
using Relay.Files.Platform;

namespace Relay.Cli;

/// <summary>Which home a command works on, and whether it may.</summary>
internal sealed class HomeChoice(CommandContext context)
{
    private string UserHome => context.Environment.GetValueOrDefault("HOME") is { Length: > 0 } home
        ? home
        : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary>Of this user and program, in $XDG_CONFIG_HOME or ~/.config.</summary>
    public string UserConfiguration => KnownHomes.Of(context.Environment, UserHome).Folder;

    /// <exception cref="CommandFailure">There is something that may not be used as a home.</exception>
    public RelayHome Checked(string? option)
    {
        var home = Of(option);
        return HomeTrust.WhyNot(home) is { } reason ? throw new CommandFailure(ExitCode.Configuration, reason) : home;
    }

    /// <summary>For doctor, which says itself what is wrong with it. Named by --home where it is the current folder, the current folder is
    /// a home from then on.</summary>
    /// <exception cref="CommandFailure">It is no folder, or the current one looks like a home, which this user has not made it.</exception>
    public RelayHome Of(string? option)
    {
        if (Resolve(option) is RelayHome.Resolved.Unknown unknown)
            throw new CommandFailure(
                ExitCode.Configuration,
                $"{unknown.Home.Root} looks like a home, but you have not made it one, so nothing in it was read: "
                + $"relay init or --home . here makes it yours, --home {Path.Combine(UserHome, ".relay")} takes your own");
        var home = Folder(((RelayHome.Resolved.Meant)Resolve(option)).Home);
        if (option is { Length: > 0 })
            Remember(home);
        return home;
    }

    /// <summary>For init, by which a user makes a home.</summary>
    /// <exception cref="CommandFailure">It is no folder, not safe to use, or links stand in it where init would write.</exception>
    public RelayHome ToMake(string? option)
    {
        var home = Folder(RelayHome.ToMake(option, context.Environment, context.CurrentFolder, UserHome));
        if (HomeTrust.WhyNot(home) is { } reason)
            throw new CommandFailure(ExitCode.Configuration, reason);
        return home.LinkInIt() is { } link
            ? throw new CommandFailure(
                ExitCode.Configuration, $"{link} is a link, and init writes through none: remove it, or name another folder by --home")
            : home;
    }

    /// <summary>The current folder is a home of this user's from now on; another one need not be remembered, for it is named each
    /// time.</summary>
    public void Remember(RelayHome home)
    {
        if (HomeTrust.WhyClosed(home) is not null || Posix.RealPath(home.Root) is not { } root
            || root != Posix.RealPath(context.CurrentFolder))
            return;
        try
        {
            KnownHomes.Of(context.Environment, UserHome).Remember(root);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            context.Error.WriteLine($"that {root} is a home could not be remembered, so --home is needed each time: {exception.Message}");
        }
    }

    private RelayHome.Resolved Resolve(string? option) =>
        RelayHome.Resolve(option, context.Environment, context.CurrentFolder, UserHome);

    private static RelayHome Folder(RelayHome home) => !File.Exists(home.Root)
        ? home
        : throw new CommandFailure(ExitCode.Failed, $"{home.Root} is a file, not a home folder");
}
