using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Relay.Storage.Sqlite;

/// <summary>Looks through the pages of a database for what cannot be, for no longer than it may.</summary>
internal static class QuickCheck
{
    private const int Interrupted = 9, Damaged = 11;

    /// <summary>In steps of SQLite's machine, or pages: a fraction of a millisecond.</summary>
    private const int StepsBetweenLooks = 1_000;

    public static Soundness Run(SqliteConnection connection, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        raw.sqlite3_progress_handler(
            connection.Handle, StepsBetweenLooks, _ => Stopwatch.GetElapsedTime(started) > limit ? 1 : 0, null);
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA quick_check(1)";
            var found = command.ExecuteScalar() as string;
            return new Soundness(found is "ok" ? null : $"quick_check finds: {found?.ReplaceLineEndings(" ").Trim()}", IsWhole: true);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == Interrupted)
        {
            return new Soundness(Fault: null, IsWhole: false);
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == Damaged)
        {
            return new Soundness(exception.Message, IsWhole: true);
        }
        finally
        {
            raw.sqlite3_progress_handler(connection.Handle, 0, null, null);
        }
    }
}
