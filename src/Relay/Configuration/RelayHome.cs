using Relay.Files;
using Relay.Files.Platform;

namespace Relay.Configuration;

/// <summary>The folder of one relay, and the paths of everything in it.</summary>
internal sealed record RelayHome(string Root)
{
    public const string ConnectLockName = ".connect.lock";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string EnvFile => Path.Combine(Root, ".env");
    public string ConfigFile => Path.Combine(Root, "config.yaml");

    /// <summary>The text of config.yaml as the running relay has taken it: for commands, while the file itself is being written.</summary>
    public string ConfigInForce => Path.Combine(State, "config.in-force.yaml");

    public string Queue => Path.Combine(Root, "queue");
    public string Rejected => Path.Combine(Queue, ".rejected");

    public string Dispatch => Path.Combine(Root, "dispatch");
    public string Staged => Path.Combine(Dispatch, ".staged");

    public string State => Path.Combine(Root, "state");
    public string DatabaseFile => Path.Combine(State, "relay.db");
    public string IdFile => Path.Combine(State, "home.id");

    /// <summary>What the home remembers of its database.</summary>
    public string KnownDatabaseFile => Path.Combine(State, "database.json");

    public string LockFile => Path.Combine(State, ".lock");
    public string StatusFile => Path.Combine(State, "status.json");
    public string EndpointFile => Path.Combine(State, "endpoint.json");
    public string HistoryFile => Path.Combine(State, "conversation.json");
    public string RefusedAnswers => Path.Combine(State, ".rejected");

    /// <summary>Which connections there are, and the key that makes their tokens.</summary>
    public string ConnectionsFile => Path.Combine(State, "connections.json");
    public string ConnectionsLock => Path.Combine(State, ".connections.lock");
    public string ConnectionKey => Path.Combine(State, "connections.key");
    public string ConnectionUses => Path.Combine(State, "connections-used.json");

    /// <summary>For relay connect and disconnect, which go one after the other.</summary>
    public string ConnectLock => Path.Combine(State, ConnectLockName);

    /// <summary>The browsers that were let in to the operator's page.</summary>
    public string SignInsFile => Path.Combine(State, "sign-ins.json");

    /// <summary>Leads a browser of this machine to the page.</summary>
    public string OpeningPage => Path.Combine(State, "open-dashboard.html");

    /// <summary>The user's own prices; most homes have none.</summary>
    public string PricesFile => Path.Combine(Root, "prices.json");

    public string Logs => Path.Combine(Root, "logs");
    public string LogFile => Path.Combine(Logs, "relay.log");

    public static Resolved Resolve(string? option, IReadOnlyDictionary<string, string> environment, string currentFolder, string userHome)
    {
        var chosen = option is { Length: > 0 } ? option : environment.GetValueOrDefault("RELAY_HOME");
        if (!string.IsNullOrWhiteSpace(chosen))
            return new Resolved.Meant(At(Path.GetFullPath(chosen, currentFolder)));

        var (current, own) = (At(currentFolder), At(Path.Combine(userHome, ".relay")));
        if (!current.LooksLikeOne)
            return new Resolved.Meant(own);
        return KnownHomes.Of(environment, userHome).Contains(current.Root)
            || Posix.RealPath(current.Root) == Posix.RealPath(own.Root)
            ? new Resolved.Meant(current)
            : new Resolved.Unknown(current);
    }

    /// <summary>Which home init makes: the one that is named, else the current folder; in the user's own folder, which holds everything of
    /// his, and in the root, ~/.relay.</summary>
    public static RelayHome ToMake(string? option, IReadOnlyDictionary<string, string> environment, string currentFolder, string userHome)
    {
        var isNamed = option is { Length: > 0 } || !string.IsNullOrWhiteSpace(environment.GetValueOrDefault("RELAY_HOME"));
        var current = Posix.RealPath(currentFolder);
        return !isNamed && current is not null && current != "/" && current != Posix.RealPath(userHome)
            ? At(currentFolder)
            : Resolve(option, environment, currentFolder, userHome) switch
            {
                Resolved.Meant meant when isNamed => meant.Home,
                _ => At(Path.Combine(userHome, ".relay")),
            };
    }

    /// <summary>What of it is a link: nothing may be made through one. Null where nothing is.</summary>
    public string? LinkInIt() =>
        ((string[])[ConfigFile, EnvFile, State, Queue, Rejected, Dispatch, Staged, RefusedAnswers, Logs])
        .FirstOrDefault(path => Posix.Lstat(path) is { Kind: FileKind.SymbolicLink });

    /// <summary>Why a folder cannot be a project whose sessions are connected: it is the home, or lies in what the relay keeps there. A
    /// home in a project's own folder is none of that. Null where it can.</summary>
    public string? WhyNoProject(string folder)
    {
        var (home, project) = (Posix.RealPath(Root) ?? Root, Posix.RealPath(folder) ?? folder);
        var isHome = project == home && !OfProjects.Any(name => Path.Exists(Path.Combine(home, name)));
        var isWithin = ((string[])[State, Queue, Dispatch, Logs]).Any(own =>
            (project + "/").StartsWith(Path.Combine(home, Path.GetFileName(own)) + "/", StringComparison.Ordinal));
        return isHome || isWithin
            ? $"{folder} is {(isHome ? "the relay's own home" : "in the relay's own home")} and no project, so nothing was changed: "
                + "--project names the folder in which the sessions work"
            : null;
    }

    /// <summary>What a folder has in which somebody works.</summary>
    public static readonly string[] OfProjects = [".git", ".claude", ".mcp.json"];

    /// <summary>Which home is meant.</summary>
    public abstract record Resolved
    {
        private Resolved() { }

        public sealed record Meant(RelayHome Home) : Resolved;

        /// <summary>The current folder looks like a home, and the user has not made it one: nothing in it may be read.</summary>
        public sealed record Unknown(RelayHome Home) : Resolved;
    }

    /// <summary>By names alone; nothing is opened. While an editor saves config.yaml it may be gone.</summary>
    private bool LooksLikeOne => ((string[])[ConfigFile, ConfigInForce, DatabaseFile, EndpointFile]).Any(path => Path.Exists(path));

    public string OperatorFile(string name) => Path.Combine(State, name);

    public string SessionFolder(string sessionId) => Path.Combine(Dispatch, sessionId);

    /// <summary>Creates the missing folders. Folders that exist keep their modes.</summary>
    public void CreateFolders()
    {
        Directory.CreateDirectory(Root, OwnerOnly);
        foreach (var folder in (string[])[State, Queue, Rejected, Dispatch, Staged, RefusedAnswers, Logs])
            Folders.MakeFor(folder, OwnerOnly);
    }

    /// <summary>For the one who has the lock: removes the temporary files of those who were killed.</summary>
    public void Sweep()
    {
        foreach (var folder in (string[])[Root, State, Rejected, RefusedAnswers])
            DurableFile.Sweep(folder);
    }

    private static RelayHome At(string folder) => new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
}
