using Microsoft.Data.Sqlite;
using Relay.Running;

namespace Relay.Storage.Sqlite;

/// <summary>What SQLite's errors mean for all of the database: https://www.sqlite.org/rescode.html.</summary>
internal static class SqliteFaults
{
    private const int ReadOnly = 8, Disk = 10, Damaged = 11, Full = 13, CannotOpen = 14, NoDatabase = 26;
    private const int ShortRead = Disk | (2 << 8);

    /// <summary>Less is as good as nothing: SQLite asks for more at once, and says then that the disk fails.</summary>
    private const long LeastRoom = 256 * 1024;

    /// <summary>The fault itself where it is of one statement only.</summary>
    public static Exception Translate(string path, Exception fault)
    {
        if (fault is not SqliteException exception)
            return fault;
        var folder = Path.GetDirectoryName(path)!;
        return exception.SqliteErrorCode switch
        {
            Damaged or NoDatabase => New(DatabaseFault.Damaged, $"{path} is damaged ({Words(exception)})", Restore(path)),
            Disk when exception.SqliteExtendedErrorCode == ShortRead =>
                New(DatabaseFault.Damaged, $"{path} is damaged (a part of it is missing)", Restore(path)),
            Full => NoRoom(),
            Disk or CannotOpen when IsFull(folder) => NoRoom(),
            ReadOnly => New(
                DatabaseFault.ReadOnly, $"{folder} cannot be written ({Words(exception)})",
                "let the relay write there; it goes on by itself"),
            Disk or CannotOpen => New(
                DatabaseFault.Unreachable, $"the disk of {folder} fails ({Words(exception)})", "mend it; the relay goes on by itself"),
            _ => fault,
        };

        DatabaseFaultException New(DatabaseFault kind, string reason, string remedy) => new(kind, reason, remedy, exception);

        DatabaseFaultException NoRoom() => New(
            DatabaseFault.Full, $"{FullDisk.Words}, and {path} cannot be written", "make room; the relay goes on by itself");
    }

    /// <summary>As relay.db is put back.</summary>
    public static string Restore(string path) =>
        $"stop the relay, keep a copy of {Path.GetDirectoryName(path)}, and put {Path.GetFileName(path)} back from a backup";

    /// <summary>SQLite Error 11: 'database disk image is malformed'.</summary>
    private static string Words(SqliteException exception) => exception.Message.TrimEnd('.');

    private static bool IsFull(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace < LeastRoom;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
