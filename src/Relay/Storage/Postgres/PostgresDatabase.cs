using System.Data.Common;
using Npgsql;
using Relay.Running;

namespace Relay.Storage.Postgres;

/// <summary>A PostgreSQL server. It may be away: then what needs it fails with the reason, and works again once the server is
/// back.</summary>
internal sealed class PostgresDatabase : Database
{
    private const int MostReaders = 8;

    private readonly PostgresAddress _address;
    private readonly NpgsqlDataSource _readers;
    private readonly PostgresWriter _writer;
    private readonly PostgresListener? _listener;
    private readonly ChangeFeed _changes;
    private readonly string _sender = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");

    private PostgresDatabase(PostgresAddress address, bool isListening, ChangeFeed changes, TimeProvider clock)
        : base(SqlDialect.Postgres, changes, clock)
    {
        _address = address;
        _changes = changes;
        _readers = address.Pool(MostReaders);
        _writer = new PostgresWriter(address.Single(), Dialect.BeginWrite, clock);
        _listener = isListening ? new PostgresListener(address.Single(), _sender, changes, clock, _writer.TryAtOnce) : null;
    }

    public override bool IsElsewhere => true;

    public override int Generation => _writer.Generation;

    /// <summary>Nothing is connected yet: the first who needs the server finds out whether it is there.</summary>
    /// <exception cref="InvalidDataException">The address cannot be used.</exception>
    public static PostgresDatabase Open(Uri url, ChangeFeed changes, TimeProvider clock) =>
        new(new PostgresAddress(url), isListening: true, changes, clock);

    /// <summary>For the command line, beside a daemon or without one.</summary>
    public static PostgresDatabase OpenReadOnly(Uri url, TimeProvider clock) =>
        new(new PostgresAddress(url), isListening: false, new ChangeFeed(), clock);

    public override async Task<T> ReadAsync<T>(Func<Reading, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var reader = await BeginReadAsync(cancellationToken);
        try
        {
            var result = await work(NewReading(reader));
            await reader.Command("COMMIT").ExecuteAsync(CancellationToken.None);
            return result;
        }
        catch (DbException exception) when (Met(exception) is var fault && fault != exception)
        {
            throw fault;
        }
    }

    public override Task<string?> FaultAsync(CancellationToken cancellationToken) =>
        ReadAsync(reading => PostgresCheck.FaultAsync(reading, cancellationToken), cancellationToken);

    public override Task<string> DescribeAsync(CancellationToken cancellationToken) =>
        ReadAsync(reading => PostgresCheck.DescribeAsync(reading, _address, cancellationToken), cancellationToken);

    protected override async Task CloseAsync_NeedsLock()
    {
        await (_listener?.DisposeAsync() ?? default);
        await _writer.DisposeAsync();
        await _readers.DisposeAsync();
    }

    protected override Exception Translate(Exception fault) =>
        PostgresFaults.Translate(_address, PostgresConnection.Translate(fault));

    protected override async Task<ISqlConnection> BeginAsync_NeedsLock() => await _writer.BeginAsync(_changes.PublishAll);

    /// <summary>Another was first, or met this one: run again, the work finds what the other did.</summary>
    protected override bool IsPassing(DbException exception) => exception.SqlState
        is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation;

    /// <summary>What a connection may do was settled when it was made: once the server takes writes again, only a new one can
    /// tell.</summary>
    protected override void OnFault_NeedsLock(DbException fault)
    {
        if (fault.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction)
            _writer.Renew();
    }

    protected override async Task AnnounceAsync(ISqlConnection writer, IEnumerable<Writing> writings)
    {
        var topics = writings.SelectMany(writing => writing.Topics).ToHashSet();
        if (topics.Count > 0)
            await writer.Command($"SELECT pg_notify({Announcement.Channel}, @payload)")
                .With("@payload", new Announcement(_sender, topics).ToString())
                .ExecuteAsync(CancellationToken.None);
    }

    /// <summary>A connection in the pool that the server has closed meanwhile is found out by its first statement;
    /// then all of them are old.</summary>
    private async Task<PostgresConnection> BeginReadAsync(CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            var reader = await PostgresConnection.OpenAsync(_readers, cancellationToken);
            try
            {
                await reader.Command(Dialect.BeginRead).ExecuteAsync(cancellationToken);
                return reader;
            }
            catch (Exception exception)
            {
                var wasOld = isFirst && exception is DbException or InvalidOperationException && reader.IsLost;
                await reader.DisposeAsync();
                if (!wasOld)
                    throw Translate(exception);
                _readers.Clear();
            }
        }
    }
}
