using System.Globalization;
using Microsoft.Data.Sqlite;
using Relay.Files;

namespace Relay.Storage.Sqlite;

/// <summary>What can be done for a database through the connection that has it open, whatever has become of its files' names.</summary>
internal static class Rescue
{
    /// <summary>As much room as a large message needs: with less, the next write would find the disk full again.</summary>
    private const int Room = 1024 * 1024;

    /// <summary>All that is in it goes into a file. An older such file is kept.</summary>
    /// <returns>What was done; null where it failed, as on a full disk.</returns>
    public static string? Copy(SqliteConnection open, string target)
    {
        var partial = target + ".partial";
        try
        {
            File.Delete(partial);
            using var command = open.CreateCommand();
            command.CommandText = "VACUUM INTO @target";
            command.Parameters.AddWithValue("@target", partial);
            command.ExecuteNonQuery();
            for (var older = 1; File.Exists(target); older++)
                if (string.Create(CultureInfo.InvariantCulture, $"{target}.{older}") is var free && !File.Exists(free))
                    File.Move(target, free);
            File.Move(partial, target);
            return $"all that was in it is in {target}";
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>All that is in the log goes into the database itself.</summary>
    /// <inheritdoc cref="Copy" path="/returns"/>
    public static string? Fold(SqliteConnection open)
    {
        try
        {
            return TryCheckpoint(open) ? "all that was in it is in the database itself" : null;
        }
        catch (SqliteException)
        {
            return null;
        }
    }

    /// <summary>False while somebody reads.</summary>
    public static bool TryCheckpoint(SqliteConnection open)
    {
        using var command = open.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        using var outcome = command.ExecuteReader();
        return outcome.Read() && outcome.GetInt64(0) == 0;
    }

    public static bool HasRoom(string path)
    {
        var probe = Path.Combine(Path.GetDirectoryName(path)!, ".room");
        try
        {
            DurableFile.WriteUnsynced(probe, new byte[Room]);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
        finally
        {
            File.Delete(probe);
        }
    }
}
