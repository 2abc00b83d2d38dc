using System.Globalization;

namespace Relay.Storage.Postgres;

/// <summary>What doctor asks a server.</summary>
internal static class PostgresCheck
{
    /// <summary>The oldest that its makers still mend.</summary>
    private const int OldestVersion = 14;

    /// <summary>The first thing that keeps a relay from working here; null when there is none.</summary>
    public static async Task<string?> FaultAsync(Reading reading, CancellationToken cancellationToken)
    {
        var version = await NumberAsync(reading, "current_setting('server_version_num')::BIGINT", cancellationToken) / 10_000;
        if (version < OldestVersion)
            return $"PostgreSQL {version}: {OldestVersion} or newer is needed";
        if (await NumberAsync(reading, "(current_setting('server_encoding') = 'UTF8')::INT", cancellationToken) == 0)
            return "its encoding is not UTF8";
        if (await NumberAsync(reading, "pg_is_in_recovery()::INT", cancellationToken) == 1)
            return "it is a standby, which takes no writes";
        if (await NumberAsync(reading, "(current_setting('default_transaction_read_only') = 'on')::INT", cancellationToken) == 1)
            return "it is set read-only (default_transaction_read_only)";
        if (await NumberAsync(reading, "COALESCE(has_schema_privilege(current_schema(), 'CREATE'), false)::INT", cancellationToken) == 0)
            return "this user may not make tables";
        return await NumberAsync(reading, ForbiddenTables, cancellationToken) > 0
            ? "tables in it belong to another user, and this one may not write them"
            : null;
    }

    public static async Task<string> DescribeAsync(Reading reading, PostgresAddress address, CancellationToken cancellationToken)
    {
        var version = await reading.Sql("SELECT current_setting('server_version')").OnlyAsync(row => row.Text(), cancellationToken);
        var bytes = await NumberAsync(reading, "pg_database_size(current_database())", cancellationToken);
        return string.Create(CultureInfo.InvariantCulture, $"PostgreSQL {version.Split(' ')[0]}, {address}, {bytes / 1024:N0} kB");
    }

    private const string ForbiddenTables =
        """
        (SELECT COUNT(*)
         FROM pg_class
         WHERE relnamespace = current_schema()::REGNAMESPACE AND relkind = 'r'
           AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE')))
        """;

    private static Task<long> NumberAsync(Reading reading, string expression, CancellationToken cancellationToken) =>
        reading.Sql($"SELECT {expression}").NumberAsync(cancellationToken);
}
