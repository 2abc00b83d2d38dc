using System.Data.Common;
using Relay.Storage.Sqlite;

namespace Relay.Storage;

/// <summary>ADO.NET with fewer words.</summary>
internal static class Sql
{
    public static DbCommand Command(this DbConnection connection, string sql) => ((PreparedConnection)connection).Command(sql);

    public static DbCommand Command(this DbTransaction transaction, string sql) => transaction.Connection!.Command(sql);

    public static DbCommand With(this DbCommand command, string name, object? value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        // A NUL ends SQLite's text and PostgreSQL refuses it: what came after one would be lost.
        parameter.Value = value is string text ? text.Replace('\0', '\uFFFD') : value ?? DBNull.Value;
        command.Parameters.Add(parameter);
        return command;
    }

    public static async Task<int> ExecuteAsync(this DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
            return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<List<T>> ListAsync<T>(this DbCommand command, Func<DbDataReader, T> map, CancellationToken cancellationToken)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(map(reader));
            return rows;
        }
    }

    /// <summary>The first row, or null when there is none.</summary>
    public static async Task<T?> FirstAsync<T>(this DbCommand command, Func<DbDataReader, T> map, CancellationToken cancellationToken)
        where T : class
    {
        var rows = await command.ListAsync(map, cancellationToken);
        return rows.Count == 0 ? null : rows[0];
    }

    /// <summary>The first column of the first row as a number; 0 when there is no row or it is NULL.</summary>
    public static async Task<long> NumberAsync(this DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
            return await command.ExecuteScalarAsync(cancellationToken) is long number ? number : 0;
    }

    public static string Text(this DbDataReader reader, string column) => reader.GetString(reader.GetOrdinal(column));

    public static string? TextOrNull(this DbDataReader reader, string column)
    {
        var ordinal = reader.GetOrdinal(column);
        return reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);
    }

    public static long Number(this DbDataReader reader, string column) => reader.GetInt64(reader.GetOrdinal(column));

    public static long? NumberOrNull(this DbDataReader reader, string column)
    {
        var ordinal = reader.GetOrdinal(column);
        return reader.IsDBNull(ordinal) ? null : reader.GetInt64(ordinal);
    }

    public static DateTimeOffset Time(this DbDataReader reader, string column) =>
        DateTimeOffset.FromUnixTimeMilliseconds(reader.Number(column));

    public static DateTimeOffset? TimeOrNull(this DbDataReader reader, string column) =>
        reader.NumberOrNull(column) is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>Unix milliseconds, the form in which every time is stored.</summary>
    public static long UnixNow(this TimeProvider clock) => clock.GetUtcNow().ToUnixTimeMilliseconds();
}
