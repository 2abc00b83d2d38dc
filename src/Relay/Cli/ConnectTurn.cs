using Relay.Configuration;
using Relay.Files;

namespace Relay.Cli;

/// <summary>relay connect and disconnect go one after the other. What they change is shared: the list of what git leaves out by all folders
/// of a repository, the client's settings and the home's lists by all projects. Each reads a file and writes it anew, so of two at once
/// one would undo what the other has written.</summary>
internal static class ConnectTurn
{
    /// <summary>The client, which they run, takes some seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <param name="context">Of the command.</param>
    /// <param name="home">Null where the relay is another user's.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null where nothing is kept yet, so that there is nothing to share.</returns>
    /// <exception cref="IOException">Another one does not end.</exception>
    public static async Task<IDisposable?> TakeAsync(CommandContext context, RelayHome? home, CancellationToken cancellationToken)
    {
        var file = home?.ConnectLock ?? Path.Combine(new HomeChoice(context).UserConfiguration, RelayHome.ConnectLockName);
        return !Directory.Exists(Path.GetDirectoryName(file))
            ? null
            : await FileTurn.TakeAsync(file, Patience, TimeProvider.System, cancellationToken)
                ?? throw new IOException("another relay connect or disconnect is at work and does not end; nothing was changed");
    }
}
