using System.Globalization;
using Relay.Configuration;
using Relay.Storage.Sqlite;

namespace Relay.Storage.Selection;

/// <summary>A database that is not what its home remembers: what is said of it, and how a home is made to forget it.</summary>
internal static class LostDatabase
{
    public const string Forget = "--forget";

    private const string Forgotten = ".forgotten-";

    /// <summary>Looks at a file before it is opened, or would be made.</summary>
    /// <exception cref="DatabaseFaultException">It is not the whole database that is known, or was there.</exception>
    public static void Check(RelayHome home, bool isInUse)
    {
        var known = KnownDatabase.Read(home, StoreKind.Sqlite);
        var look = DatabaseFile.At(PathOf(home), isInUse);
        if (look.Fault is { } fault && (look.IsThere || known is not null || Traces.Of(home) is not null))
            throw New(home, StoreKind.Sqlite, look.IsThere ? DatabaseFault.Damaged : DatabaseFault.Lost, fault);
    }

    /// <summary>The file itself, where a link leads to it.</summary>
    public static string PathOf(RelayHome home) => new FileInfo(home.DatabaseFile) is { LinkTarget: not null } link
        ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName
        : home.DatabaseFile;

    public static DatabaseFaultException New(RelayHome home, StoreKind kind, DatabaseFault fault, string reason) => new(
        fault,
        KnownDatabase.Read(home, kind) is { } known ? $"{reason}, {known.InWords}"
            : Traces.Of(home) is { } trace ? $"{reason}, and {trace}"
            : reason,
        fault == DatabaseFault.Older ? $"{Newer(home, kind)}; {ToTake}"
            : kind == StoreKind.Postgres
            ? $"restore it with pg_restore, or put back the RELAY_DATABASE_URL it is behind; {ToForget}"
            : $"{(IsWithoutLog(home) ? LogBack(home) : "")}{Restoring(home)}; {ToForget}",
        cause: null);

    /// <summary>With what the home knows, and the way back, where whoever met the fault did not know of homes.</summary>
    public static DatabaseFaultException Complete(Settings settings, DatabaseFaultException fault) =>
        fault.Remedy.EndsWith(ToForget, StringComparison.Ordinal) || fault.Remedy.EndsWith(ToTake, StringComparison.Ordinal)
            ? fault
            : New(settings.Home, settings.Config.Store, fault.Kind, fault.Reason);

    /// <summary>Puts aside what is there, unless it is only older. From here on, the home has had no database.</summary>
    /// <returns>What was done, for people.</returns>
    public static string PutAside(Settings settings, DatabaseFaultException fault, DateTimeOffset now)
    {
        var (home, kind) = (settings.Home, settings.Config.Store);
        if (fault.Kind == DatabaseFault.Older)
        {
            KnownDatabase.Write(home, kind, known: null);
            return $"{Forget}: {fault.Reason}. This relay goes on with what is there";
        }
        string? kept = null;
        if (kind == StoreKind.Sqlite)
        {
            var end = Forgotten + now.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
            foreach (var part in (string[])["", "-wal", "-shm"])
                if (Path.Exists(home.DatabaseFile + part))
                {
                    kept ??= home.DatabaseFile + end;
                    File.Move(home.DatabaseFile + part, home.DatabaseFile + end + part);
                }
        }
        KnownDatabase.Write(home, kind, known: null);
        return $"{Forget}: {fault.Reason}. This relay starts with an empty database; "
            + (kept is null ? "there was nothing to be kept" : $"what was there is kept in {kept}");
    }

    private const string ToTake = $"relay run {Forget} goes on with what is there";

    private const string ToForget = $"relay run {Forget} starts with an empty one, and keeps what is there under another name";

    private static string Newer(RelayHome home, StoreKind kind) => kind == StoreKind.Postgres
        ? "restore a newer copy with pg_restore"
        : $"{LogBack(home)}{Restoring(home)}";

    private static string LogBack(RelayHome home) =>
        $"put {Path.GetFileName(home.DatabaseFile)}-wal back beside it, if that was removed or changed; else ";

    /// <summary>What a young database has may all be in its log.</summary>
    private static bool IsWithoutLog(RelayHome home) =>
        File.Exists(home.DatabaseFile) && new FileInfo(home.DatabaseFile + "-wal") is not { Exists: true, Length: > 0 };

    /// <summary>Copies that lie beside it are named.</summary>
    private static string Restoring(RelayHome home)
    {
        var file = Path.GetFileName(home.DatabaseFile);
        var copies = !Directory.Exists(home.State) ? [] : Directory.EnumerateFiles(home.State, "*.db*")
            .Select(path => new FileInfo(path))
            .Where(copy => copy.Length > 0 && !copy.Name.StartsWith(file + "-", StringComparison.Ordinal) && copy.Name != file)
            .Where(copy => !copy.Name.EndsWith("-wal", StringComparison.Ordinal) && !copy.Name.EndsWith("-shm", StringComparison.Ordinal))
            .OrderByDescending(copy => copy.LastWriteTimeUtc)
            .Select(copy => string.Create(
                CultureInfo.InvariantCulture, $"{copy.Name} ({copy.Length / 1024:N0} kB, {copy.LastWriteTimeUtc:yyyy-MM-dd HH:mm} UTC)"))
            .ToList();
        var where = copies.Count == 0 ? "from a backup" : $"from a backup, or from {string.Join(", ", copies)}";
        return $"keep a copy of {home.State}, then put {file} back {where} (without {file}-wal and {file}-shm of the old one)";
    }
}
