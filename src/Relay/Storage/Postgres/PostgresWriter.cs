using System.Data.Common;
using Npgsql;
using Relay.Running;

namespace Relay.Storage.Postgres;

/// <summary>The one connection that writes. It holds a lock on the database which the server takes back with the connection, so whoever can
/// write is the only one who can. A lost connection is made anew by the next write. Not thread-safe.</summary>
internal sealed class PostgresWriter(NpgsqlDataSource source, string beginWrite, TimeProvider clock) : IAsyncDisposable
{
    private static readonly Backoff BetweenAttempts = new(TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1));

    private static readonly TimeSpan BetweenRenewals = TimeSpan.FromSeconds(5);

    /// <summary>For a second in all.</summary>
    private const int LooksAfterLoss = 50;

    /// <summary>Of the schema, so that several relays can share a server, or a database.</summary>
    private const string LockKey = "hashtextextended('relay ' || COALESCE(current_schema(), ''), 0)";

    private PostgresConnection? _connection;
    private long _connectedAt;
    private bool _isOld;
    private bool _hadOne;
    private int _generation;
    private int _failures;
    private volatile Failed? _failed;

    /// <summary>How often the connection was lost and made anew. In between another may have written.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>A transaction has begun on it.</summary>
    /// <param name="regained">Called when a lost connection was made anew.</param>
    /// <exception cref="DatabaseUnavailableException">The server is not there, or another relay holds the database.</exception>
    public async Task<PostgresConnection> BeginAsync(Action regained)
    {
        if (_connection is { } open && !_isOld && await TryBeginAsync(open))
            return open;
        await DropAsync();
        _connection = await ConnectAsync();
        _connectedAt = clock.GetTimestamp();
        _isOld = false;
        if (_hadOne)
        {
            Interlocked.Increment(ref _generation);
            regained();
        }
        _hadOne = true;
        await _connection.Command(beginWrite).ExecuteAsync(CancellationToken.None);
        return _connection;
    }

    /// <summary>The next transaction is to begin on a new connection, unless this one is quite new.</summary>
    public void Renew() => _isOld = clock.GetElapsedTime(_connectedAt) >= BetweenRenewals;

    /// <summary>The server is known to be there: no pause is left to wait for. Thread-safe.</summary>
    public void TryAtOnce() => _failed = null;

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        await source.DisposeAsync();
    }

    /// <summary>Why the last attempt came to nothing, and until when that is the answer.</summary>
    private sealed record Failed(DatabaseUnavailableException Reason, long At, TimeSpan Pause);

    /// <summary>False when the connection turns out to be lost: nothing was done on it, so a new one does as well.</summary>
    private async Task<bool> TryBeginAsync(PostgresConnection connection)
    {
        try
        {
            if (!connection.IsLost)
                await connection.Command(beginWrite).ExecuteAsync(CancellationToken.None);
            return !connection.IsLost;
        }
        catch (Exception exception) when (exception is DbException or InvalidOperationException && connection.IsLost)
        {
            return false;
        }
    }

    /// <summary>At once after the first failure, then less and less often: those who come in between are told what it was.</summary>
    private async Task<PostgresConnection> ConnectAsync()
    {
        if (_failed is { } failed && clock.GetElapsedTime(failed.At) < failed.Pause)
            throw failed.Reason;
        PostgresConnection? connection = null;
        try
        {
            connection = await PostgresConnection.OpenAsync(source, CancellationToken.None);
            await LockAsync(connection);
            _failures = 0;
            _failed = null;
            return connection;
        }
        catch (DbException exception)
        {
            await (connection?.DisposeAsync() ?? default);
            var reason = exception as DatabaseUnavailableException
                ?? new DatabaseUnavailableException($"the database server fails: {exception.Message}", exception);
            _failed = new Failed(reason, clock.GetTimestamp(), BetweenAttempts.Delay(++_failures));
            throw reason;
        }
    }

    /// <summary>The server is told to look after the connection: else it would keep the lock of a machine that is gone for two
    /// hours.</summary>
    private async Task LockAsync(PostgresConnection connection)
    {
        await connection.Command(
            """
            SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
                   set_config('tcp_keepalives_count', '3', false)
            """)
            .ExecuteAsync(CancellationToken.None);
        // The server may need an instant to find that the connection this relay has lost is gone, and with it its lock.
        for (var look = 0; !await TryLockAsync(connection); look++)
        {
            if (!_hadOne || look == LooksAfterLoss)
                throw new DatabaseUnavailableException($"another relay holds this database{await HolderAsync(connection)}", cause: null);
            await connection.Command("SELECT pg_sleep(0.02)").ExecuteAsync(CancellationToken.None);
        }
    }

    private static async Task<bool> TryLockAsync(PostgresConnection connection) =>
        await connection.Command($"SELECT CASE WHEN pg_try_advisory_lock({LockKey}) THEN 1 ELSE 0 END")
            .NumberAsync(CancellationToken.None) == 1;

    /// <summary>As it called itself.</summary>
    private static async Task<string> HolderAsync(PostgresConnection connection)
    {
        var holder = await connection.Command(
            $"""
            SELECT COALESCE(a.application_name, '')
            FROM pg_locks l
            JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
              AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND (l.classid::BIGINT << 32) | l.objid::BIGINT = {LockKey}
            """)
            .FirstAsync(row => row.Text(), CancellationToken.None);
        return string.IsNullOrEmpty(holder) ? "" : $": {holder}";
    }

    private async Task DropAsync()
    {
        if (_connection is { } old)
            await old.DisposeAsync();
        _connection = null;
    }
}
