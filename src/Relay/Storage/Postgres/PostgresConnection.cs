using System.Data;
using System.Data.Common;
using System.Security.Authentication;
using Npgsql;

namespace Relay.Storage.Postgres;

/// <summary>One connection to the server, which may be lost at any moment.
/// The driver keeps its statements prepared, by their text.</summary>
internal sealed class PostgresConnection(NpgsqlConnection connection) : ISqlConnection
{
    /// <summary>How the codes of a server that is going down begin.</summary>
    private const string Shutdown = "57P";

    public bool IsLost => connection.FullState != ConnectionState.Open;

    /// <exception cref="DatabaseUnavailableException">The server cannot be reached, or lets nobody in.</exception>
    public static async Task<PostgresConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        try
        {
            return new PostgresConnection(await source.OpenConnectionAsync(cancellationToken));
        }
        catch (Exception exception)
            when (exception is NpgsqlException or IOException or TimeoutException or AuthenticationException
                or System.Net.Sockets.SocketException)
        {
            throw new DatabaseUnavailableException(
                exception is PostgresException refusal
                    ? $"the database server lets nobody in: {refusal.MessageText}"
                    : $"the database server cannot be reached: {exception.GetBaseException().Message}",
                exception);
        }
    }

    public DbCommand Command(string text) => new NpgsqlCommand(text, connection);

    /// <summary>Ends when the server has something to tell to those who listen.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => connection.WaitAsync(cancellationToken);

    public void OnNotification(Action<string> hear) => connection.Notification += (_, notification) => hear(notification.Payload);

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    /// <summary>A connection that ended under a statement is told in the driver's words, which name a stream.</summary>
    public static Exception Translate(Exception fault) => fault switch
    {
        PostgresException { SqlState: var state } ended when state.StartsWith(Shutdown, StringComparison.Ordinal) =>
            new DatabaseUnavailableException($"the database server ended the connection: {ended.MessageText}", ended),
        PostgresException => fault,
        NpgsqlException { InnerException: TimeoutException } =>
            new DatabaseUnavailableException("the database server does not answer", fault),
        NpgsqlException { InnerException: IOException } =>
            new DatabaseUnavailableException("the connection to the database server was lost", fault),
        _ => fault,
    };
}
