using System.Data.Common;
using Relay.Texts;

namespace Relay.Storage;

/// <summary>ADO.NET with fewer words. A statement is not begun any more when it is cancelled, and let end once it is begun:
/// they are short, and to break one off, the driver for PostgreSQL calls the server and holds up whoever cancels for as long as that keeps
/// silent.</summary>
internal static class Sql
{
    public static DbCommand With(this DbCommand command, string name, object? value)
    {
        var given = value is string text ? StoredText.Of(text) : value ?? DBNull.Value;
        if (command.Parameters.IndexOf(name) is var index and >= 0)
            command.Parameters[index].Value = given;
        else
            Add(command, name, given);
        return command;
    }

    private static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }

    /// <summary>How many rows it changed.</summary>
    public static async Task<int> ExecuteAsync(this DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }

    public static async Task<List<T>> ListAsync<T>(this DbCommand command, Func<Row, T> map, CancellationToken cancellationToken)
    {
        await using (command)
        {
            await using var reader = await command.ReadAsync(cancellationToken);
            var rows = new List<T>();
            var row = new Row(reader);
            while (await reader.ReadAsync(CancellationToken.None))
                rows.Add(map(row.First()));
            return rows;
        }
    }

    /// <summary>The first row, or null when there is none.</summary>
    public static async Task<T?> FirstAsync<T>(this DbCommand command, Func<Row, T> map, CancellationToken cancellationToken)
        where T : class
    {
        await using (command)
        {
            await using var reader = await command.ReadAsync(cancellationToken);
            return await reader.ReadAsync(CancellationToken.None) ? map(new Row(reader)) : null;
        }
    }

    /// <summary>The only row.</summary>
    public static async Task<T> OnlyAsync<T>(this DbCommand command, Func<Row, T> map, CancellationToken cancellationToken)
    {
        await using (command)
        {
            await using var reader = await command.ReadAsync(cancellationToken);
            return await reader.ReadAsync(CancellationToken.None)
                ? map(new Row(reader))
                : throw new InvalidOperationException($"a row is missing: {command.CommandText}");
        }
    }

    /// <summary>The first column of the first row; null when there is no row or no value in it.</summary>
    /// <exception cref="InvalidOperationException">It is no whole number: counted as 0, a cap would never be reached.</exception>
    public static async Task<long?> NumberOrNullAsync(this DbCommand command, CancellationToken cancellationToken)
    {
        await using (command)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return await command.ExecuteScalarAsync(CancellationToken.None) switch
            {
                null or DBNull => null,
                long number => number,
                int number => number,
                var other => throw new InvalidOperationException(
                    $"a whole number was expected, not {other.GetType().Name}: {command.CommandText}"),
            };
        }
    }

    /// <summary>The first column of the first row.</summary>
    /// <exception cref="InvalidOperationException">There is no row, or no whole number in it.</exception>
    public static async Task<long> NumberAsync(this DbCommand command, CancellationToken cancellationToken) =>
        await command.NumberOrNullAsync(cancellationToken)
            ?? throw new InvalidOperationException($"a number is missing: {command.CommandText}");

    private static Task<DbDataReader> ReadAsync(this DbCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return command.ExecuteReaderAsync(CancellationToken.None);
    }
}

/// <summary>A row, read from its first column to its last: each call takes the next one.
/// Reading by name costs a look-up for each column.</summary>
internal sealed class Row(DbDataReader reader)
{
    private int _next;

    public Row First()
    {
        _next = 0;
        return this;
    }

    public string Text() => StoredText.Read(reader.GetString(_next++));

    public string? TextOrNull() => reader.IsDBNull(_next++) ? null : StoredText.Read(reader.GetString(_next - 1));

    public long Number() => reader.GetInt64(_next++);

    public int Int() => checked((int)Number());

    public long? NumberOrNull() => reader.IsDBNull(_next++) ? null : reader.GetInt64(_next - 1);

    public bool Flag() => Number() != 0;

    public DateTimeOffset Time() => DateTimeOffset.FromUnixTimeMilliseconds(Number());

    public DateTimeOffset? TimeOrNull() =>
        NumberOrNull() is { } milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    public T Word<T>()
        where T : struct, Enum => Words.Parse<T>(Text());
}
