using System.Data.Common;
using Npgsql;

namespace Relay.Storage.Postgres;

/// <summary>What a server's errors mean for all of the database: https://www.postgresql.org/docs/current/errcodes-appendix.html.</summary>
internal static class PostgresFaults
{
    /// <summary>The fault itself where it is of one statement only.</summary>
    public static Exception Translate(PostgresAddress address, Exception fault) => fault is not DbException exception
        ? fault
        : exception.SqlState switch
        {
            PostgresErrorCodes.DiskFull => New(
                DatabaseFault.Full, exception, $"{address}: the server's disk is full", "make room there; the relay goes on by itself"),
            PostgresErrorCodes.ReadOnlySqlTransaction => New(
                DatabaseFault.ReadOnly, exception, $"{address} takes no writes ({exception.Message})",
                "let it take writes again; the relay goes on by itself"),
            PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => New(
                DatabaseFault.Damaged, exception, $"{address} is damaged ({exception.Message})",
                "stop the relay, and mend it on the server or restore it with pg_restore"),
            PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName => New(
                DatabaseFault.Lost, exception, $"{address} has lost its tables ({exception.Message})",
                "nothing is accepted until they are back: restore them with pg_restore; the relay goes on by itself"),
            _ => fault,
        };

    private static DatabaseFaultException New(DatabaseFault kind, DbException cause, string reason, string remedy) =>
        new(kind, reason, remedy, cause);
}
